"""How often something happened on a day: what caps on automatic answers are held against."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, String, Table, bindparam, delete, select

from gateway.db.together import Question, ask, later
from gateway.db.types import metadata
from gateway.db.upsert import maker_of

daily_counts = Table(
    "daily_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("scope", String(300), primary_key=True),
    Column("count", Integer, nullable=False),
)


def counts_of(scopes: Sequence[str], *, day: date) -> Question:
    """What `read_counts` asks."""
    return Question(_reading(len(scopes)), {"on": day, **_numbered(scopes)})


def read_counts(connection: Connection, scopes: Sequence[str], *, day: date) -> dict[str, int]:
    """The counts of these scopes on a day; 0 for what did not happen."""
    rows = ask(connection, counts_of(scopes, day=day))
    return dict.fromkeys(scopes, 0) | {row["scope"]: int(row["count"]) for row in rows}


def count_once(connection: Connection, scopes: Sequence[str], *, day: date) -> None:
    """Add one to each of these scopes, always in the same order, so that two workers never wait for each other."""
    counted = sorted(set(scopes))
    statement = _counting(connection.dialect.name, len(counted))
    later(connection, Question(statement, {"on": day, **_numbered(counted)}))


@cache
def _reading(scopes: int) -> Any:
    is_among = daily_counts.c.scope.in_([bindparam(f"scope_{number}") for number in range(scopes)])
    return select(daily_counts.c.scope, daily_counts.c.count).where(daily_counts.c.day == bindparam("on"), is_among)


@cache
def _counting(dialect: str, scopes: int) -> Any:
    rows = [{"day": bindparam("on"), "scope": bindparam(f"scope_{number}"), "count": 1} for number in range(scopes)]
    added = {"count": daily_counts.c.count + 1}
    statement = maker_of(dialect)(daily_counts).values(rows)
    return statement.on_conflict_do_update(index_elements=["day", "scope"], set_=added)


def _numbered(scopes: Sequence[str]) -> dict[str, str]:
    return {f"scope_{number}": scope for number, scope in enumerate(scopes)}


def forget_counts(connection: Connection, *, before: date) -> int:
    """Drop the counts of days before this one; returns how many rows went."""
    return connection.execute(delete(daily_counts).where(daily_counts.c.day < before)).rowcount
