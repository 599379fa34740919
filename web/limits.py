"""How often one address on the network may ask. Counted in Redis; in this process alone while Redis is away."""

import ipaddress
from collections.abc import Callable
from typing import Any

from flask import Response, make_response, request
from flask_babel import gettext
from flask_limiter import Limiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from gateway.config.load import Settings
from gateway.config.locations import redis_server
from gateway.services.sign_in_tries import MustWait

ANY_PAGE = "600 per minute"
ASK_FOR_LINK = "10 per minute; 60 per hour"
USE_LINK = "20 per minute"
SIGN_IN = "20 per minute"
REPLY = "20 per minute"
BAD_BEARER = "20 per minute"
# Handed through to redis-py. A page waits half a second for a Redis that has gone, and not for any retry.
_PATIENCE: Any = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, "retry": Retry(NoBackoff(), 0)}


def make_limiter(settings: Settings) -> Limiter:
    """The limiter of one app. Nothing is dialled before the first request."""
    pool: Any = redis_server(settings).connect(**_PATIENCE).connection_pool
    return Limiter(
        key_func=peer,
        default_limits=[ANY_PAGE],
        storage_uri="redis://",  # for its kind alone; what is dialled is the pool's
        storage_options={"connection_pool": pool},
        in_memory_fallback_enabled=True,
        key_prefix="gateway",
    )


def peer() -> str:
    """Whose requests are counted together: an IPv4 address, or the /64 that one IPv6 subscriber has."""
    remote = request.remote_addr or "unknown"
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return remote
    if address.version == 4:
        return remote
    return str(ipaddress.ip_network((address, 64), strict=False))


def waiting(error: MustWait, page: Callable[[dict[str, str]], str]) -> Response:
    """A form again where too much has failed: how long to wait is said in words, and to programs in seconds."""
    seconds = int(error.left.total_seconds()) + 1
    how_long = gettext("Too many tries have failed. Try again in %(minutes)s min.", minutes=-(-seconds // 60))
    answer = make_response(page({"code": how_long}), 429)
    answer.headers["Retry-After"] = str(seconds)
    return answer
