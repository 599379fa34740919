"""How often something happened on a day: what caps on automatic answers are held against."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, String, Table, bindparam, delete, select

from gateway.db.types import metadata
from gateway.db.upsert import maker_of

daily_counts = Table(
    "daily_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("scope", String(300), primary_key=True),
    Column("count", Integer, nullable=False),
)


_COUNTS = select(daily_counts.c.scope, daily_counts.c.count).where(
    daily_counts.c.day == bindparam("day"), daily_counts.c.scope.in_(bindparam("scopes", expanding=True))
)


def read_counts(connection: Connection, scopes: Sequence[str], *, day: date) -> dict[str, int]:
    """The counts of these scopes on a day; 0 for what did not happen."""
    rows = connection.execute(_COUNTS, {"day": day, "scopes": list(scopes)})
    return dict.fromkeys(scopes, 0) | {scope: int(count) for scope, count in rows}


def count_once(connection: Connection, scopes: Sequence[str], *, day: date) -> None:
    """Add one to each of these scopes, always in the same order, so that two workers never wait for each other."""
    rows = [{"day": day, "scope": scope, "count": 1} for scope in sorted(set(scopes))]
    connection.execute(_counting(connection.dialect.name), rows)


@cache
def _counting(dialect: str) -> Any:
    added = {"count": daily_counts.c.count + 1}
    return maker_of(dialect)(daily_counts).on_conflict_do_update(index_elements=["day", "scope"], set_=added)


def forget_counts(connection: Connection, *, before: date) -> int:
    """Drop the counts of days before this one; returns how many rows went."""
    return connection.execute(delete(daily_counts).where(daily_counts.c.day < before)).rowcount
