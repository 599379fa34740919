"""Bringing the database to the schema of this code, and saying where it stands.

Revisions are numbered in a row, and a revision's file begins with its number. So where the database stands is known
without Alembic, whose import would cost every command and every process a quarter of its start.
"""

from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text

from gateway.db.engine import Database
from gateway.errors import GatewayError, Misconfigured

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 7_402_026  # any constant: who migrates a PostgreSQL database holds this advisory lock


class BrokenReferences(GatewayError):
    """A migration left rows that point at nothing; the database is as it was before."""


def revisions() -> list[str]:
    """Every revision, the first one first."""
    return sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def head_revision() -> str:
    """The revision that this code works on."""
    return revisions()[-1]


def current_revision(database: Database) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


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
    """Raise Misconfigured where the database is behind the schema of this code. A release's code runs on the schema of
    the next release too, so that machines can be upgraded one after the other."""
    found, wanted = current_revision(database), head_revision()
    if found is None or found < wanted:
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
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
