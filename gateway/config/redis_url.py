"""What the URL of a Redis or Valkey may say; `gateway.redis_server` dials it. Settings are read without its client."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_SENTINEL_PORT = 26379
_SCHEMES = frozenset({"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"})


@dataclass(frozen=True, kw_only=True)
class SentinelUrl:
    """What a Sentinels' URL says. Empty words are None."""

    hosts: tuple[tuple[str, int], ...]
    service: str
    db: int
    username: str | None
    password: str | None
    tls: bool


def check_redis_url(url: str) -> None:
    """Raise ValueError, without its secret, for a URL that cannot be one of Redis."""
    if url.partition("://")[0] not in _SCHEMES:
        raise ValueError("must begin with redis://, rediss://, redis+sentinel:// or rediss+sentinel://")
    if "+sentinel:" in url:
        parse_sentinel_url(url)


def parse_sentinel_url(url: str) -> SentinelUrl:
    """Read `redis+sentinel://user:password@host1:26379,host2/service/db`. Raises ValueError, without its secret."""
    scheme, _, rest = url.partition("://")
    # By hand: `urlsplit` of Python 3.11.2 takes several hosts with an IPv6 address among them for a broken one.
    netloc, _, path = rest.partition("/")
    credentials, _, hosts = netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    service, _, db = path.strip("/").partition("/")
    if not service or not hosts or not (db or "0").isdecimal():
        raise ValueError("must look like redis+sentinel://:password@host1:26379,host2:26379/service/0")
    return SentinelUrl(
        hosts=tuple(_host(host) for host in hosts.split(",")),
        service=unquote(service),
        db=int(db or "0"),
        username=unquote(username) or None,
        password=unquote(password) or None,
        tls=scheme.startswith("rediss"),
    )


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("names a Sentinel without a host")
    return parts.hostname, parts.port or _SENTINEL_PORT
