"""Whom the marks of clocks called, until they are told of it: many calls in one mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, String, Table, insert, select, update

from gateway.db.types import UtcDateTime, metadata

CALL_BACK = "CB"
"""In the place of a guarantee: not a clock of the ticket, but somebody to call back about it."""

clock_calls = Table(
    "clock_calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("guarantee", String(3), nullable=False),
    Column("percent", Integer, nullable=False),
    Column("passed_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
    Index("ix_clock_calls_told_at_person_id", "told_at", "person_id"),
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One person called by one mark of one ticket's clock."""

    person_id: int
    ticket_id: int
    guarantee: str
    percent: int
    passed_at: datetime


def add_calls(connection: Connection, calls: Sequence[Call]) -> None:
    """Write calls down, to be told."""
    if calls:
        names = list(Call.__dataclass_fields__)
        connection.execute(insert(clock_calls), [{name: getattr(call, name) for name in names} for call in calls])


def people_to_tell(connection: Connection, *, quiet_since: datetime) -> list[int]:
    """The people with calls that they were not told of, and who were told of none since `quiet_since`."""
    recent = select(clock_calls.c.person_id).where(clock_calls.c.told_at > quiet_since)
    query = select(clock_calls.c.person_id).where(
        clock_calls.c.told_at.is_(None), clock_calls.c.person_id.not_in(recent)
    )
    return sorted(set(connection.execute(query.distinct()).scalars()))


def take_calls(connection: Connection, person_id: int, *, now: datetime) -> list[Call]:
    """Take everything that a person is to be told, the breaches first; nobody gets it again."""
    waiting = (
        select(clock_calls.c.id)
        .where(clock_calls.c.told_at.is_(None), clock_calls.c.person_id == person_id)
        .with_for_update(skip_locked=True)
        .cte("waiting")
    )
    columns = [clock_calls.c[name] for name in Call.__dataclass_fields__]
    taken = connection.execute(
        update(clock_calls).where(clock_calls.c.id.in_(select(waiting.c.id))).values(told_at=now).returning(*columns)
    )
    calls = [Call(**row._mapping) for row in taken]
    return sorted(calls, key=lambda call: (-call.percent, call.passed_at, call.ticket_id))
