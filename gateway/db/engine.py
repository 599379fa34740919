"""The engine and the unit of work: one `transaction()` is one commit, and rolls back when its block raises.

SQLite: WAL, `BEGIN IMMEDIATE` (a deferred transaction that reads first loses updates silently), foreign keys,
and `synchronous=FULL`: what is acknowledged or sent because of a commit must not be undone by a power cut.

A sync is most of what a small commit costs, so who writes much pays for many commits at once: inside `lazily()` a
commit is seen by everybody when it returns, as ever, and survives the death of any process, but a power cut may
undo the last ones, never one without those that came after it. `settle()` ends that. A commit outside brings all
earlier ones to the disk with it, since both databases write one log in the order of commits. So whoever acts on
what it saw, and writes that down first, as the mailer does, acts on what is durable.

PostgreSQL may fail over or come back from a crash between a lazy commit and its settling. A session does not survive
that, so settling counts only in the session that committed. Where standbys are named in `synchronous_standby_names`,
settling waits for them as well: what is settled survives the loss of the primary.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from gateway.db import sqlite_words
from gateway.db.lost import is_of_a_standby
from gateway.db.together import Work
from gateway.disk import sync_file
from gateway.errors import Deferred

_PATIENCE = "busy_timeout=30000"  # milliseconds
_SQLITE_PRAGMAS = ("journal_mode=WAL", _PATIENCE, "foreign_keys=ON")
_DURABLE = ("synchronous=FULL",)
# 32 MiB, for as long as a drain lasts: with many tickets stored, a mail touches more of the indexes than 2 MiB hold.
_LAZY = ("synchronous=NORMAL", "cache_size=-32768")
_LOOKS, _BETWEEN_LOOKS = 100, 0.0002  # seconds between two
# A record in the log, and so a commit to wait for: PostgreSQL waits for none that wrote nothing.
_LOGGED = text("SELECT pg_logical_emit_message(true, 'gateway', 'settled')")
# A machine that vanished, or a process that was stopped, must not hold rows for longer than this: milliseconds.
_IDLE_IN_TRANSACTION = 60_000
_CLIENT_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
_SERVER_SESSION = f"""
    SELECT set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') = 'remote_apply'
                      THEN 'remote_apply' ELSE 'on' END, false),
           set_config('idle_in_transaction_session_timeout', '{_IDLE_IN_TRANSACTION}', false),
           set_config('tcp_keepalives_idle', '10', false),
           set_config('tcp_keepalives_interval', '5', false),
           set_config('tcp_keepalives_count', '3', false)
"""

Fence = Callable[[Connection], None]
"""Asked at the beginning of a unit of work; raises where its process may not do this work any more."""


class DatabaseTrouble(Deferred):
    """The database did not do what was asked, and may do it later."""


class Database:
    """The tickets' database. `url` is a SQLAlchemy URL; `sqlite:///path` or `postgresql+psycopg://...`.

    `pool_size` is how many connections to a server a process keeps at most, `connect_timeout` how many seconds each of
    the servers that the URL names has to answer.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 10, connect_timeout: int = 5) -> None:
        self.url = make_url(url)
        server = {"pool_size": pool_size, "connect_timeout": connect_timeout}
        self._durable = _create_engine(self.url, lazy=False, **server)
        self._lazy = _create_engine(self.url, lazy=True, **server)  # dials nobody before it is used
        self._engine = self._durable
        self._unsettled = self._lost = False
        self._fences = threading.local()
        event.listen(self._lazy, "connect", self._note_new_session)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A unit of work that may write. Raises DatabaseTrouble where the database is down, locked or full."""
        try:
            with Work(self._engine) as work, work.begin():
                if fence := getattr(self._fences, "present", None):
                    fence(work)
                yield work
                work.send()
            self._unsettled = self._unsettled or self._engine is self._lazy
        except (
            OperationalError,
            InterfaceError,
            InternalError,
            NoConnectionFree,
        ) as error:  # InternalError: a read-only replica
            raise DatabaseTrouble("the database is not available") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise DatabaseTrouble("the database is not available") from error
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A unit of work that only reads: on SQLite it waits for no writer."""
        try:
            with self._engine.connect().execution_options(gateway_read_only=True) as connection:
                yield connection
        except (OperationalError, InterfaceError, NoConnectionFree) as error:
            raise DatabaseTrouble("the database is not available") from error

    @contextmanager
    def fenced(self, fence: Fence) -> Iterator[None]:
        """Until the end of the block each unit of work of this thread asks `fence` first."""
        self._fences.present = fence
        try:
            yield
        finally:
            self._fences.present = None

    @contextmanager
    def lazily(self) -> Iterator[None]:
        """Until the end of the block commits wait for no disk, in all threads of this process; call `settle`."""
        self._engine = self._lazy
        self._unsettled = self._lost = False
        try:
            yield
        finally:
            self._engine = self._durable

    def settle(self) -> None:
        """Bring to the disk what was committed. Raises DatabaseTrouble or OSError: nobody knows what is there then."""
        if self.url.get_backend_name() == "sqlite":
            # Commits are in the log beside the database; what has left the log for it was synced on the way.
            with suppress(FileNotFoundError):
                sync_file(Path(f"{self.url.database}-wal"))
            return
        try:
            with self.transaction() as connection:
                if self._lost:
                    raise DatabaseTrouble("the session that committed has ended, and nobody knows what is left of it")
                connection.execute(text("SET LOCAL synchronous_commit TO on"))
                connection.execute(_LOGGED)
        finally:
            self._unsettled = self._lost = False

    def _note_new_session(self, _connection: Any, _record: Any) -> None:
        self._lost = self._lost or self._unsettled

    def carry(self, **options: Any) -> None:
        """Let every connection know these, by `get_execution_options`."""
        for engine in (self._durable, self._lazy):
            engine.update_execution_options(**options)

    def is_up(self) -> bool:
        """True when a statement goes through right now."""
        try:
            with self.reading() as connection:
                connection.execute(text("SELECT 1"))
        except DatabaseTrouble:
            return False
        return True

    def close(self) -> None:
        """Close every connection."""
        self._durable.dispose()
        self._lazy.dispose()

    @property
    def engine(self) -> Engine:
        """For migrations only."""
        return self._durable


def sqlite_url(path: Path) -> str:
    """The URL of the embedded database."""
    return f"sqlite:///{path}"


def _create_engine(url: URL, *, lazy: bool, pool_size: int, connect_timeout: int) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, lazy=lazy)
    return _server_engine(url, lazy=lazy, pool_size=pool_size, connect_timeout=connect_timeout)


def _server_engine(url: URL, *, lazy: bool, pool_size: int, connect_timeout: int) -> Engine:
    engine = create_engine(
        url,
        pool_pre_ping=not lazy,  # who is lazy has just begun; for the others a connection may have died of old age
        hide_parameters=True,
        connect_args={"connect_timeout": connect_timeout, **_CLIENT_KEEPALIVE},
        pool_size=pool_size,
        max_overflow=0,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.execute(_SERVER_SESSION)
        if lazy:
            connection.execute("SET synchronous_commit TO off")
        connection.commit()

    @event.listens_for(engine, "handle_error")
    def _look_elsewhere(context: ExceptionContext) -> None:
        if is_of_a_standby(context.original_exception):
            context.is_disconnect = True

    return engine


def _sqlite_engine(url: URL, *, lazy: bool) -> Engine:
    engine = create_engine(url, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (*_SQLITE_PRAGMAS, *(_LAZY if lazy else _DURABLE)):
            connection.execute(f"PRAGMA {pragma}")
        sqlite_words.teach(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("gateway_read_only", False):
            connection.exec_driver_sql("BEGIN")
        elif not _begins_soon(connection.connection.driver_connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _begins_soon(connection: Any) -> bool:
    """Begin to write, by looking often whether nobody else does. False where somebody does for long.

    SQLite itself sleeps for 1, 2, 5, 10 ms and more, longer than a transaction takes: two workers would do less
    than one.
    """
    connection.execute("PRAGMA busy_timeout=0")
    try:
        for _ in range(_LOOKS):
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                time.sleep(_BETWEEN_LOOKS)
            else:
                return True
        return False
    finally:
        connection.execute(f"PRAGMA {_PATIENCE}")
