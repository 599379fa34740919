"""Bringing the database to the schema of this code, and saying where it stands."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from gateway.db.engine import Database
from gateway.errors import GatewayError, Misconfigured

_LOCK_KEY = 7_402_026  # any constant: who migrates a PostgreSQL database holds this advisory lock


class BrokenReferences(GatewayError):
    """A migration left rows that point at nothing; the database is as it was before."""


def head_revision() -> str:
    """The revision that this code works on."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "there is at least the first migration"
    return head


def current_revision(database: Database) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with database.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(database: Database, *, revision: str = "head") -> None:
    """Upgrade to `revision`. Two at once wait for each other; nothing to do is no fault."""
    engine = create_engine(database.url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                _migrate_sqlite(connection, revision)
            else:
                with connection.begin():
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
                    _upgrade(connection, revision)
    finally:
        engine.dispose()


def require_head(database: Database) -> None:
    """Raise Misconfigured where the database is not at the schema of this code."""
    found, wanted = current_revision(database), head_revision()
    if found != wanted:
        raise Misconfigured(
            [f"the database is at revision {found or 'none'}, this code needs {wanted}: run `gateway migrate`"]
        )


def _migrate_sqlite(connection: Connection, revision: str) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.isolation_level = None
    driver.execute("PRAGMA busy_timeout=30000")
    driver.execute("PRAGMA journal_mode=WAL")
    driver.execute("PRAGMA foreign_keys=OFF")
    with connection.begin():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        _upgrade(connection, revision)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise BrokenReferences(f"rows without the row they point at in: {sorted({row[0] for row in broken})}")


def _upgrade(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
