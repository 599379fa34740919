"""When the tick must look at a ticket's clocks next, and which warnings and breaches it has found.

`clock_alarms` has one row for each mark that a clock passed; its key is what makes each be found once, whatever ticks
run at once or were missed. `cycle` counts how often the ticket had been reopened by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, delete, insert, select

from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

clock_watch = Table(
    "clock_watch",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("next_at", UtcDateTime, nullable=False, index=True),
)

clock_alarms = Table(
    "clock_alarms",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("cycle", Integer, primary_key=True, autoincrement=False),
    Column("guarantee", String(3), primary_key=True),
    Column("percent", Integer, primary_key=True, autoincrement=False),
    Column("passed_at", UtcDateTime, nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A mark that a clock passed: 50 or 75 % of the time is a warning, 100 % a breach."""

    ticket_id: int
    cycle: int
    guarantee: str
    percent: int
    passed_at: datetime
    found_at: datetime


def watch_ticket(connection: Connection, ticket_id: int, next_at: datetime | None) -> None:
    """Let the tick look at a ticket at this moment and not before; never, for None."""
    watch_tickets(connection, {ticket_id: next_at})


def watch_tickets(connection: Connection, moments: Mapping[int, datetime | None]) -> None:
    """The same for many tickets."""
    if not moments:
        return
    connection.execute(delete(clock_watch).where(clock_watch.c.ticket_id.in_(list(moments))))
    rows = [{"ticket_id": ticket, "next_at": moment} for ticket, moment in moments.items() if moment is not None]
    if rows:
        connection.execute(insert(clock_watch), rows)


def due_tickets(connection: Connection, *, now: datetime, limit: int) -> list[int]:
    """The tickets to look at by now, those that have waited longest first. Two ticks at once get different ones."""
    query = (
        select(clock_watch.c.ticket_id)
        .where(clock_watch.c.next_at <= now)
        .order_by(clock_watch.c.next_at, clock_watch.c.ticket_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(connection.execute(query).scalars())


def record_alarm(connection: Connection, alarm: Alarm) -> bool:
    """Write a passed mark down. True when this call was the first to find it."""
    values: dict[str, Any] = {name: getattr(alarm, name) for name in Alarm.__dataclass_fields__}
    return insert_ignoring_duplicates(connection, clock_alarms, **values)


def list_alarms(connection: Connection, ticket_ids: Sequence[int]) -> list[Alarm]:
    """The marks that these tickets' clocks passed, in the order in which they were passed."""
    query = (
        select(clock_alarms)
        .where(clock_alarms.c.ticket_id.in_(ticket_ids))
        .order_by(clock_alarms.c.passed_at, clock_alarms.c.ticket_id, clock_alarms.c.percent)
    )
    return [Alarm(**row._mapping) for row in connection.execute(query)]
