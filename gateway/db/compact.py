"""Making the database forget for good: what was deleted or overwritten leaves its files too.

A row that is deleted stays readable in the free pages of a file, in the write-ahead log and in the segments of a full
text index until these are written anew.
"""

from typing import Any

from gateway.db.engine import Database
from gateway.db.schema import metadata


def compact(database: Database) -> bool:
    """Write the database anew without what was deleted. False where somebody reads an old state at this moment: what
    was deleted then leaves the log with the next checkpoint. On PostgreSQL the tables are vacuumed."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "sqlite":
            return _compact_sqlite(driver)
        for table in metadata.sorted_tables:
            driver.execute(f'VACUUM "{table.name}"')
        return True


def _compact_sqlite(driver: Any) -> bool:
    indexes = driver.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING fts5%'")
    for (name,) in indexes.fetchall():
        driver.execute(f"INSERT INTO {name}({name}) VALUES ('optimize')")  # noqa: S608  # a name of ours
    driver.execute("VACUUM")
    busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
