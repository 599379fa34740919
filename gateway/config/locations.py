"""Where things lie below the data folder, the machine's name, and the addresses of the stores."""

import os
import re
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gateway.config.load import Settings
from gateway.config.secret_files import read_or_create
from gateway.db.engine import Database, sqlite_url
from gateway.mail.tokens import TokenSigner
from gateway.redis_server import RedisServer


@dataclass(frozen=True, kw_only=True)
class Locations:
    """The folders of one installation."""

    data: Path

    @property
    def spool(self) -> Path:
        """Accepted and not yet filed."""
        return self.data / "spool"

    @property
    def archive(self) -> Path:
        """Raw mail, by content, where it is kept on this machine (`gateway.files`)."""
        return self.data / "archive"

    @property
    def sent(self) -> Path:
        """Outgoing mail, where no relay is configured."""
        return self.data / "sent"

    @property
    def secrets(self) -> Path:
        """Secrets that we made ourselves."""
        return self.data / "secrets"

    @property
    def run(self) -> Path:
        """Locks and ports of what runs now."""
        return self.data / "run"

    @property
    def log(self) -> Path:
        """What each process wrote, one file for each."""
        return self.data / "log"


def locations(settings: Settings) -> Locations:
    """The folders of this installation; absolute, so that a role may change its working folder."""
    return Locations(data=settings.data.absolute())


def database_url(settings: Settings) -> str:
    """The configured database, or the embedded one."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return sqlite_url(locations(settings).data / "gateway.db")


def open_database(settings: Settings) -> Database:
    """The configured database, or the embedded one. Nothing is dialled before it is used."""
    how = settings.database
    return Database(database_url(settings), pool_size=how.pool_size, connect_timeout=how.connect_timeout)


def redis_server(settings: Settings) -> RedisServer:
    """The configured Redis or Valkey, or the embedded one."""
    if settings.redis_url is None:
        return RedisServer(url=embedded_redis_url(locations(settings)))
    how, word = settings.redis, settings.redis.sentinel_password
    return RedisServer(
        url=settings.redis_url.get_secret_value(),
        ca_file=how.ca_file,
        cert_file=how.cert_file,
        key_file=how.key_file,
        password_file=how.password_file,
        sentinel_username=how.sentinel_username,
        sentinel_password=None if word is None else word.get_secret_value(),
    )


def machine_name(settings: Settings) -> str:
    """This machine's name among those that share a database: the configured one, or one that is made at the first
    start and kept. Two processes at once get the same."""
    if settings.machine is not None:
        return settings.machine
    path = locations(settings).data / "machine"
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    host = re.sub(r"[^a-z0-9]+", "-", socket.gethostname().lower())[:30].strip("-") or "machine"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".machine.{os.getpid()}")
    # Part of it by chance: two containers may believe that they are the same host.
    draft.write_text(f"{host}-{secrets.token_hex(2)}\n", encoding="ascii")
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_text(encoding="ascii").strip()


def embedded_redis_url(where: Locations) -> str:
    """The embedded Valkey, with its password."""
    return f"redis://:{read_or_create(where.secrets, 'valkey')}@127.0.0.1:{embedded_port(where)}/0"


def embedded_port(where: Locations) -> int:
    """The embedded Valkey's port on 127.0.0.1: chosen free at the first start, then kept."""
    path = where.run / "valkey.port"
    try:
        return int(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return choose_port(where)


def choose_port(where: Locations) -> int:
    """Choose and keep a port that is free now."""
    where.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    (where.run / "valkey.port").write_text(f"{port}\n", encoding="ascii")
    return port


def signing_keys(settings: Settings) -> tuple[bytes, ...]:
    """The configured keys, the one in use first; or one made at the first start."""
    given = [key for key in (settings.signing.key, settings.signing.previous_key) if key is not None]
    keys = [key.get_secret_value() for key in given]
    if settings.signing.key is None:
        keys.insert(0, read_or_create(locations(settings).secrets, "signing"))
    return tuple(key.encode() for key in keys)


def key_fingerprints(settings: Settings) -> tuple[str, ...]:
    """What tells the signing keys from others without telling anything of them, the one in use first."""
    return tuple(sha256(b"gateway key fingerprint\n" + key).hexdigest()[:16] for key in signing_keys(settings))


def token_signer(settings: Settings) -> TokenSigner:
    """Signs addresses, Message-IDs and links with the configured keys, or with one made at the first start."""
    return TokenSigner(keys=signing_keys(settings), lifetime_days=settings.mail.reply_token_days)
