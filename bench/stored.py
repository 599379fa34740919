"""Many stored tickets, made by copying one that was filed: each table's first row, with keys of its own."""

from pathlib import Path

from sqlalchemy import Column, Connection, Integer, Table, text

from gateway.db.engine import Database, sqlite_url
from gateway.db.schema import metadata

_BASE = 1_000  # ids from here on are copies
_COUNTERS = {"project_counters", "daily_counts"}  # one row for many tickets
_UNLIKE = {"recipient", "author", "message_id", "sha256"}  # not unique keys, but no two mails share them


def store_tickets(path: Path, number: int) -> None:
    """Fill a SQLite database, in which one mail was filed, with `number` more tickets like it."""
    database = Database(sqlite_url(path))
    with database.transaction() as connection:
        for table in metadata.sorted_tables:
            if table.name not in _COUNTERS:
                _copy(connection, table, number)
    with database.transaction() as connection:
        connection.execute(text("ANALYZE"))
    database.close()


def _copy(connection: Connection, table: Table, number: int) -> None:
    values = ", ".join(_value(table, column) for column in table.columns)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    connection.execute(
        text(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number) "
            f'INSERT OR IGNORE INTO "{table.name}" ({names}) '
            f'SELECT {values} FROM n, (SELECT * FROM "{table.name}" LIMIT 1) AS first'
        ),
        {"number": number},
    )


def _value(table: Table, column: Column[object]) -> str:
    if column.foreign_keys or (column.primary_key and isinstance(column.type, Integer)):
        return f'CASE WHEN first."{column.name}" IS NULL THEN NULL ELSE n.i + {_BASE} END'
    if _is_key(table, column) or column.name in _UNLIKE:
        return f"first.\"{column.name}\" || '-' || n.i"
    return f'first."{column.name}"'


def _is_key(table: Table, column: Column[object]) -> bool:
    unique = any(index.unique and column.name in index.columns for index in table.indexes)
    return bool(column.primary_key or column.unique or column.foreign_keys or unique)
