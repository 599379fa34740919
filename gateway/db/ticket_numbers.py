"""The numbers of tickets: each project counts its own."""

from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Integer, String, Table

from gateway.db.together import Question, ask
from gateway.db.types import metadata
from gateway.db.upsert import maker_of

project_counters = Table(
    "project_counters",
    metadata,
    Column("project", String(10), primary_key=True),
    Column("last_number", Integer, nullable=False),
)


def next_number(connection: Connection, project: str) -> int:
    """The project's next number, from 1; its row is locked until the transaction ends."""
    values = {"project": project, "last_number": 1}
    counted = ask(connection, Question(_counting(connection.dialect.name), values))
    return int(counted[0]["last_number"])


@cache
def _counting(dialect: str) -> Any:
    added = {"last_number": project_counters.c.last_number + 1}
    statement = maker_of(dialect)(project_counters).on_conflict_do_update(index_elements=["project"], set_=added)
    return statement.returning(project_counters.c.last_number)
