"""Rows for any table: made from the schema that a database has, so that they need no change when it changes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    insert,
    select,
)

ROWS = 3
Content = dict[str, list[dict[str, Any]]]


def fill(connection: Connection) -> Content:
    """Put `ROWS` rows into every table and return what is there.

    The first and the last row have a value in every column, the second has one only where there must be one.
    """
    for table in _tables(connection):
        connection.execute(insert(table), [_row(table, number) for number in range(ROWS)])
    return content(connection)


def content(connection: Connection) -> Content:
    """Every row of every table, in the order of the primary keys."""
    return {
        table.name: [
            dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key.columns))
        ]
        for table in _tables(connection)
    }


def _tables(connection: Connection) -> list[Table]:
    """Those that are pointed at before those that point at them."""
    schema = MetaData()
    schema.reflect(connection, only=lambda name, _: not name.startswith("words_of_"))  # the index is SQLite's own
    return [table for table in schema.sorted_tables if table.name != "alembic_version"]


def _row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.columns}


def _value(column: Column[Any], number: int) -> Any:
    keys = list(column.foreign_keys)
    if keys and keys[0].column.table is column.table:
        return None if number == 0 else _value(keys[0].column, number - 1)
    if column.nullable and number == 1 and not isinstance(column.type, JSON):
        return None
    return _value(keys[0].column, number) if keys else _plain(column, number)


def _plain(column: Column[Any], number: int) -> Any:
    match column.type:
        case Boolean():
            return number % 2 == 0
        case Integer() | Numeric():
            return number + 1
        case DateTime() as moments:
            return datetime(2026, 3, 29, 1, 30, number, tzinfo=UTC if moments.timezone else None)
        case Date():
            return date(2026, 2, 28) + timedelta(days=number)
        case JSON():
            return {"number": number, "text": "Écran", "list": [None, True, "a"]}
        case LargeBinary():
            return bytes([number, 0, 255])
        case String() as text:
            return f"{number} {column.name} Écran 🙂 \n'\"%"[: text.length]
    raise NotImplementedError(f"no value for {column.table.name}.{column.name}: {column.type!r}")
