"""Filling a database quickly: rows go past SQLAlchemy, by the driver's own way for many.

The ids are ours, so PostgreSQL's sequences are set behind them at the end. Indices and triggers of the schema do their
work as ever: the search finds what is filled in.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Integer, text

from gateway.db.engine import Database
from gateway.db.schema import metadata

_AT_ONCE = 20_000  # rows of a table


@dataclass(kw_only=True)
class _Waiting:
    """Rows of one table that are not written yet."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]] = field(default_factory=list)


def fill(database: Database, rows: Iterable[tuple[str, dict[str, Any]]]) -> int:
    """Write rows (table, values), and return how many. All rows of a table name the same columns."""
    waiting: dict[str, _Waiting] = {}
    number = 0
    with database.transaction() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        for name, row in rows:
            table = waiting.setdefault(name, _Waiting(columns=tuple(row)))
            table.rows.append(tuple(_plain(value, is_sqlite=is_sqlite) for value in row.values()))
            number += 1
            if len(table.rows) == _AT_ONCE:
                _write(connection, waiting)
        _write(connection, waiting)
        if not is_sqlite:
            _set_sequences(connection, waiting)
    if not is_sqlite:  # as its own housekeeping does; nobody does so for SQLite
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    return number


def _plain(value: Any, *, is_sqlite: bool) -> Any:
    if isinstance(value, datetime):
        stored = value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        return stored if is_sqlite else f"{stored}+00"
    return json.dumps(value) if isinstance(value, dict | list) else value


def _write(connection: Connection, waiting: dict[str, _Waiting]) -> None:
    """Every table's rows, those that others point to first."""
    raw: Any = connection.connection.driver_connection
    for table in metadata.sorted_tables:
        held = waiting.get(table.name)
        if held is None or not held.rows:
            continue
        names = ", ".join(f'"{name}"' for name in held.columns)
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(held.columns))
            raw.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', held.rows)
        else:
            with raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
                for row in held.rows:
                    copy.write_row(row)
        held.rows.clear()


def _set_sequences(connection: Connection, waiting: dict[str, _Waiting]) -> None:
    for name in waiting:
        column = metadata.tables[name].columns.get("id")
        if column is not None and isinstance(column.type, Integer):
            connection.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
            )
