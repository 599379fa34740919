"""The engine and the unit of work: one `transaction()` is one commit, and rolls back when its block raises.

SQLite: WAL, `BEGIN IMMEDIATE` (a deferred transaction that reads first loses updates silently), foreign keys,
and `synchronous=FULL`: a spool entry is forgotten once its transaction is committed, so a commit must survive
a power cut.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError

from gateway.errors import Deferred

_SQLITE_PRAGMAS = ("journal_mode=WAL", "busy_timeout=30000", "foreign_keys=ON", "synchronous=FULL")


class DatabaseTrouble(Deferred):
    """The database did not do what was asked, and may do it later."""


class Database:
    """The tickets' database. `url` is a SQLAlchemy URL; `sqlite:///path` or `postgresql+psycopg://...`."""

    def __init__(self, url: str | URL) -> None:
        self.url = make_url(url)
        self._engine = _create_engine(self.url)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A unit of work that may write. Raises DatabaseTrouble where the database is down, locked or full."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError, InternalError) as error:  # InternalError: a read-only replica
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
        except (OperationalError, InterfaceError) as error:
            raise DatabaseTrouble("the database is not available") from error

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
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """For migrations only."""
        return self._engine


def sqlite_url(path: Path) -> str:
    """The URL of the embedded database."""
    return f"sqlite:///{path}"


def _create_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": 5})
    engine = create_engine(url, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("gateway_read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
