"""`gateway up`: everything on this machine, started in order, kept alive, stopped in order.

Start: lock, Valkey, migrations, then the roles. Ready means that every listener answers and every process lives.
Stop: the doors first (smtpd, imapd, web), then the timetable and the workers, then Valkey.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from gateway.config.load import Settings
from gateway.config.locations import Locations, locations, open_database, redis_server
from gateway.db.migrate import migrate
from gateway.errors import Deferred, Misconfigured
from gateway.jobs.doorbell import Doorbell
from gateway.up.child import Child, stop_children
from gateway.up.guardian import Guardian
from gateway.up.lock import hold_data_folder
from gateway.up.readiness import require_free_ports, what_is_missing
from gateway.up.stopping import Stopping
from gateway.up.valkey import find_server, start_server

_DATABASE_PATIENCE = 60.0  # seconds for a database server that starts with the machine, as we do
_READY_PATIENCE = 60.0  # seconds until we say what is missing
_TEND = 0.1
_MISCONFIGURED = 78  # sysexits.h

_DOORS = frozenset({"smtpd", "imapd", "web"})


def run_up(settings: Settings) -> int:
    """Run everything until SIGINT or SIGTERM; returns the exit code. Raises Misconfigured, Deferred."""
    where = locations(settings)
    stopping = Stopping()
    try:
        lock = hold_data_folder(where, stopping)
        if lock is None:
            return 0
        with lock:
            return _run(settings, where, lock.fileno(), stopping)
    except OSError as error:
        named = error.filename or where.data
        raise Misconfigured([f"the data folder cannot be used: {named}: {error.strerror or error}"]) from error


def _run(settings: Settings, where: Locations, lock: int, stopping: Stopping) -> int:
    require_free_ports(settings)
    guardian = None if sys.platform == "linux" else Guardian()
    stores: list[Child] = []
    roles: list[Child] = []
    try:
        if settings.redis_url is None:
            stores.append(start_server(find_server(), where, keep_open=lock, guardian=guardian))
        _migrate(settings, stopping)
        for name, arguments in _roles(settings):
            command = [sys.executable, "-m", "gateway", *arguments]
            path = where.log / f"{name}.log"
            roles.append(Child(name, command, log_path=path, keep_open=[lock], guardian=guardian))
        if not stopping.asked.is_set():
            print(f"starting; logs are in {where.log}", file=sys.stderr)
            for role in roles:
                role.start()
        return _watch(settings, where, [*stores, *roles], stopping)
    finally:
        for group in ([role for role in roles if role.name in _DOORS], roles, stores):
            stop_children(group, hurry=stopping.hurry.is_set)
        if guardian is not None:
            guardian.close()


def _roles(settings: Settings) -> list[tuple[str, list[str]]]:
    """Each role's name, and what follows `gateway` on its command line."""
    workers = [(f"worker-{number}", ["worker", "--number", str(number)]) for number in range(settings.worker.processes)]
    mailboxes = [("imapd", ["imapd"])] if settings.mailboxes else []
    return [("smtpd", ["smtpd"]), *mailboxes, ("web", ["web"]), ("timetable", ["timetable"]), *workers]


def _watch(settings: Settings, where: Locations, children: Sequence[Child], stopping: Stopping) -> int:
    """Keep every child alive, and say once that all is ready, or what is not."""
    doorbell = Doorbell(redis_server(settings))
    deadline = time.monotonic() + _READY_PATIENCE
    ready = told = False
    try:
        while not stopping.asked.wait(_TEND):
            refusing = None if ready else _refusing(children)
            if refusing is not None:
                print(f"{refusing.name}: {_last_line(refusing.log_path)}", file=sys.stderr)
                return _MISCONFIGURED
            for child in children:
                child.tend()
            if ready:
                continue
            missing = _missing(settings, doorbell, children)
            if not missing:
                ready = True
                _announce(settings, where)
            elif not told and time.monotonic() > deadline:
                told = True
                print(f"not ready after {_READY_PATIENCE:.0f} s, going on: {', '.join(missing)}", file=sys.stderr)
        return 0
    finally:
        doorbell.close()


def _refusing(children: Sequence[Child]) -> Child | None:
    """The child that ended over a setting: starting it again would not help."""
    return next((child for child in children if child.exit_code == _MISCONFIGURED), None)


def _missing(settings: Settings, doorbell: Doorbell, children: Sequence[Child]) -> list[str]:
    dead = [child.name for child in children if not child.is_running]
    if dead:
        return dead
    workers = [child.pid for child in children if child.name.startswith("worker-")]
    return what_is_missing(settings, doorbell, workers=workers)


def _announce(settings: Settings, where: Locations) -> None:
    smtp = f"{settings.smtp.host}:{settings.smtp.port}"
    print(f"support gateway ready: {settings.http.base_url}  smtp {smtp}  data {where.data}", flush=True)


def _migrate(settings: Settings, stopping: Stopping) -> None:
    """Bring the database to our schema. Waits for a server that is not there yet; raises Deferred."""
    database = open_database(settings)
    deadline = time.monotonic() + _DATABASE_PATIENCE
    told = False
    try:
        while not database.is_up():
            if database.url.get_backend_name() == "sqlite":
                raise Misconfigured(["database_url: the SQLite file cannot be opened and written"])
            if time.monotonic() > deadline:
                raise Deferred(f"the database did not answer for {_DATABASE_PATIENCE:.0f} s")
            if not told:
                told = True
                print("waiting for the database", file=sys.stderr)
            if stopping.asked.wait(_TEND):
                return
        migrate(database)
    finally:
        database.close()


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "ended without a word"
