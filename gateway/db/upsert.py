"""Insert unless it is there: the same statement on both databases."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from gateway.db.together import Question, Row, ask, later


def insert_ignoring_duplicates(connection: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless a unique constraint says that it is there. True when this call inserted it."""
    # An INSERT's count is kept only where it is asked for.
    options = {"preserve_rowcount": True}
    statement = _ignoring(connection.dialect.name, table)
    return connection.execute(statement, values, execution_options=options).rowcount == 1


def insert_later(connection: Connection, table: Table, **values: Any) -> None:
    """The same, before anything else happens in this transaction; nobody is told which it was."""
    later(connection, Question(_ignoring(connection.dialect.name, table), values))


def insert_returning(connection: Connection, table: Table, values: Mapping[str, Any]) -> list[Row]:
    """The same, and the row that this call inserted; no row where it is there already."""
    return ask(connection, Question(_returning(connection.dialect.name, table), values))


def maker_of(dialect: str) -> Any:
    """The dialect's INSERT, which knows ON CONFLICT."""
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


# Filing writes each of these thousands of times a minute, and building a statement costs more than running it.
@cache
def _ignoring(dialect: str, table: Table) -> Any:
    return maker_of(dialect)(table).on_conflict_do_nothing()


@cache
def _returning(dialect: str, table: Table) -> Any:
    return maker_of(dialect)(table).on_conflict_do_nothing().returning(*table.c)
