"""Reaching Redis or Valkey: one server, or the one of several that their Sentinels call the primary; with TLS or not.

    redis://user:password@host:6379/0                      rediss:// for TLS
    redis+sentinel://user:password@host1,host2:26379/NAME/0  rediss+sentinel:// for TLS, with the Sentinels too

A client of Sentinels asks them at each new connection who is primary, and drops a connection to a server that only
reads, so after a failover work goes on by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from redis import CredentialProvider, Redis
from redis.sentinel import Sentinel

from gateway.config.redis_url import SentinelUrl, parse_sentinel_url


@dataclass(frozen=True, kw_only=True)
class RedisServer:
    """Where the server is and how it is spoken to; the fields are those of the setting `redis`. It is secret."""

    url: str
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    password_file: Path | None = None
    sentinel_username: str | None = None
    sentinel_password: str | None = None

    def connect(self, **options: Any) -> Redis:
        """A client; nothing is dialled before it is used. `options` are redis-py's. Raises ValueError for the URL."""
        if "+sentinel:" in self.url:
            return self._by_sentinels(parse_sentinel_url(self.url), options)
        tls = self._tls() if self.url.startswith("rediss:") else {}
        url, proof = self.url, dict[str, Any]()
        if self.password_file is not None:
            url, username = _without_credentials(self.url)
            proof = {"credential_provider": PasswordFile(self.password_file, username=username)}
        return Redis.from_url(url, **tls, **proof, **options)

    def _by_sentinels(self, where: SentinelUrl, options: Mapping[str, Any]) -> Redis:
        tls = {"ssl": True, **self._tls()} if where.tls else {}
        own = {"username": self.sentinel_username, "password": self.sentinel_password}
        patience = {"socket_connect_timeout": 2, "socket_timeout": 2}
        proof: dict[str, Any] = {"username": where.username, "password": where.password}
        if self.password_file is not None:
            proof = {"credential_provider": PasswordFile(self.password_file, username=where.username)}
        sentinels: Any = Sentinel(where.hosts, sentinel_kwargs={**tls, **own, **patience})  # type: ignore[no-untyped-call]  # redis-py has no types here
        client: Redis = sentinels.master_for(where.service, db=where.db, **tls, **proof, **options)
        return client

    def _tls(self) -> dict[str, Any]:
        """Certificates are verified, and never left out."""
        named = {"ssl_ca_certs": self.ca_file, "ssl_certfile": self.cert_file, "ssl_keyfile": self.key_file}
        return {"ssl_cert_reqs": "required", "ssl_check_hostname": True} | {
            name: str(path) for name, path in named.items() if path is not None
        }


class PasswordFile(CredentialProvider):
    """A password that is read anew at each connection, so that it can change while we run."""

    def __init__(self, path: Path, *, username: str | None) -> None:
        self._path = path
        self._username = username

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """What AUTH says. Raises OSError."""
        password = self._path.read_text(encoding="utf-8").strip()
        return (password,) if self._username is None else (self._username, password)


def _without_credentials(url: str) -> tuple[str, str | None]:
    """The URL without its user and password, and the user."""
    parts = urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=host).geturl(), unquote(credentials.partition(":")[0]) or None
