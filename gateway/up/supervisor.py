"""`gateway up`: everything on this machine, started in order, kept alive, stopped in order.

Start: lock, Valkey, migrations, then the roles. Ready means that every listener answers. Stop: the doors first
(smtpd, web), then the timetable and the workers, then Valkey. The lock on the data folder is inherited by every
child, so it is free only when all of them are gone: a second start never meets the rest of the first.
"""

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO

import structlog

from gateway.config.load import Settings
from gateway.config.locations import Locations, database_url, locations, redis_url
from gateway.db.engine import Database
from gateway.db.migrate import migrate
from gateway.errors import Deferred, Misconfigured
from gateway.jobs.doorbell import Doorbell
from gateway.up.child import Child, stop_children
from gateway.up.readiness import require_free_ports, what_is_missing
from gateway.up.valkey import find_server, start_afresh, wait_until_up, write_configuration

_LOCK_PATIENCE = 20.0  # seconds for an earlier run to end
_READY_PATIENCE = 60.0
_TEND = 0.1

log = structlog.get_logger()


def run_up(settings: Settings) -> int:
    """Run everything until SIGINT or SIGTERM; returns the exit code. Raises Misconfigured, Deferred."""
    where = locations(settings)
    try:
        where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        where.run.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Misconfigured([f"the data folder {where.data} cannot be written: {error.strerror}"]) from None
    stopping = _Stopping()
    with _lock(where) as lock:
        return _run(settings, where, lock, stopping)


class _Stopping:
    """The wish to stop, by signal; a second signal means in a hurry."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.hurry = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.hurry = self.asked.is_set()
        self.asked.set()


def _run(settings: Settings, where: Locations, lock: IO[str], stopping: _Stopping) -> int:
    logs = where.data / "log"
    require_free_ports(settings)
    stores = [] if settings.redis_url is not None else [_start_valkey(settings, where, logs, lock)]
    roles: list[Child] = []
    doorbell = Doorbell(redis_url(settings))
    try:
        _migrate(settings)
        roles = [_role(name, arguments, logs, lock) for name, arguments in _commands(settings)]
        for role in roles:
            role.start()
        print(f"logs: {logs}", file=sys.stderr)
        return _watch(settings, where, [*stores, *roles], doorbell, stopping)
    finally:
        doors = [role for role in roles if role.name in {"smtpd", "web"}]
        stop_children(doors, hurry=stopping.hurry)
        stop_children([role for role in roles if role not in doors], hurry=stopping.hurry)
        stop_children(stores, hurry=stopping.hurry)
        doorbell.close()


def _watch(settings: Settings, where: Locations, children: list[Child], doorbell: Doorbell, stopping: _Stopping) -> int:
    deadline = time.monotonic() + _READY_PATIENCE
    ready = False
    while not stopping.asked.wait(_TEND):
        for child in children:
            if not ready and child.exit_code == 78:
                last = _last_line(where.data / "log" / f"{child.name}.log")
                print(f"{child.name}: {last}", file=sys.stderr)
                return 78
            child.tend()
        if not ready:
            missing = what_is_missing(settings, doorbell)
            if not missing:
                ready = True
                _announce(settings, where)
            elif time.monotonic() > deadline:
                print(f"not ready after {_READY_PATIENCE:.0f} s: {', '.join(missing)}", file=sys.stderr)
                return 69
    return 0


def _announce(settings: Settings, where: Locations) -> None:
    smtp = f"{settings.smtp.host}:{settings.smtp.port}"
    print(f"support gateway ready: {settings.http.base_url}  smtp {smtp}  data {where.data}", flush=True)


def _commands(settings: Settings) -> list[tuple[str, list[str]]]:
    workers = [(f"worker-{number}", ["worker", "--number", str(number)]) for number in range(settings.worker.processes)]
    return [("smtpd", ["smtpd"]), ("web", ["web"]), ("timetable", ["timetable"]), *workers]


def _role(name: str, arguments: list[str], logs: Path, lock: IO[str]) -> Child:
    command = [sys.executable, "-m", "gateway", *arguments]
    return Child(name, command, log_path=logs / f"{name}.log", keep_open=[lock.fileno()])


def _start_valkey(settings: Settings, where: Locations, logs: Path, lock: IO[str]) -> Child:
    server = find_server()
    for attempt in range(3):
        if attempt:
            start_afresh(where)
        child = Child(
            "valkey",
            [server, str(write_configuration(where))],
            log_path=logs / "valkey.log",
            keep_open=[lock.fileno()],
        )
        child.start()
        if wait_until_up(redis_url(settings), is_running=_asker(child)):
            return child
        stop_children([child])
    raise Deferred(f"the embedded Valkey does not start; its log is {logs / 'valkey.log'}")


def _asker(child: Child) -> Callable[[], bool]:
    return lambda: child.is_running


def _migrate(settings: Settings) -> None:
    database = Database(database_url(settings))
    try:
        migrate(database)
    finally:
        database.close()


def _lock(where: Locations) -> IO[str]:
    """Hold the data folder. Waits for a run that is ending; raises Misconfigured where one goes on."""
    file = (where.run / "up.lock").open("a+", encoding="ascii")
    deadline = time.monotonic() + _LOCK_PATIENCE
    told = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not told:
                print("waiting for the run before this one to end", file=sys.stderr)
                told = True
            if time.monotonic() > deadline:
                file.seek(0)
                owner = file.read().strip() or "unknown"
                raise Misconfigured([f"a gateway already runs on {where.data} (process {owner})"]) from None
            time.sleep(0.1)
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "ended without a word"
