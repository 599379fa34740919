"""Insert unless it is there: the same statement on both databases."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_ignoring_duplicates(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless a unique constraint says that it is there. True when this call inserted it."""
    maker = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = maker(table).values(**values).on_conflict_do_nothing()
    # An INSERT's count is kept only where it is asked for.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def insert_returning(connection: Connection, table: Table, values: Mapping[str, Any]) -> CursorResult[Any]:
    """The same, and the row that this call inserted; no row where it is there already."""
    maker = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = maker(table).values(**values).on_conflict_do_nothing().returning(*table.c)
    return connection.execute(statement)
