"""The marks that clocks will pass, written down ahead, so that finding what was passed is one statement.

`clock_marks` has a row for each mark of each clock, and `found_at` once it was passed and found: that is what makes
each warning and breach be found once, whatever ticks run at once or were missed. The rows of a ticket are worked out
anew when something happens to it; until then it stands in `stale_clocks`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, String, Table, delete, insert, select, update

from gateway.db.tickets import tickets
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import maker_of
from gateway.domain.clocks import Guarantee
from gateway.domain.escalation import Mark

stale_clocks = Table(
    "stale_clocks",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
)

clock_marks = Table(
    "clock_marks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("guarantee", String(3), nullable=False),
    Column("percent", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("found_at", UtcDateTime),
    Index("ix_clock_marks_key", "ticket_id", "cycle", "guarantee", "percent", unique=True),
    Index("ix_clock_marks_found_at_at", "found_at", "at"),
)

_CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class FoundMark:
    """A mark that a ticket's clock passed."""

    ticket_id: int
    mark: Mark


def make_stale(connection: Connection, ticket_id: int) -> None:
    """Let the tick work a ticket's marks out anew.

    Also where it stands there already its row is written: a tick that does not see yet what this transaction did must
    not take it, and forget the ticket, before it is committed.
    """
    connection.execute(_make_stale(connection.dialect.name), {"ticket_id": ticket_id})


def anything_to_do(connection: Connection, *, now: datetime) -> bool:
    """True where marks are to be worked out anew or were passed. A look that takes no lock."""
    passed = select(clock_marks.c.id).where(clock_marks.c.found_at.is_(None), clock_marks.c.at <= now)
    return any(connection.execute(query.limit(1)).first() for query in (select(stale_clocks.c.ticket_id), passed))


def take_stale(connection: Connection, *, limit: int) -> list[int]:
    """Take tickets whose marks are to be worked out anew; two ticks at once get different ones.

    A ticket that is being changed is left to the next tick: this one will write down when the ticket is due, and the
    change that it is stale, so that each would wait for the other. What is only added to a ticket waits for neither.
    """
    query = (
        select(stale_clocks.c.ticket_id)
        .join(tickets, tickets.c.id == stale_clocks.c.ticket_id)
        .order_by(stale_clocks.c.ticket_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    taken = list(connection.execute(query).scalars())
    for ids in _chunks(taken):
        connection.execute(delete(stale_clocks).where(stale_clocks.c.ticket_id.in_(ids)))
    return taken


def replace_marks(connection: Connection, marks: Mapping[int, Collection[Mark]], *, now: datetime) -> None:
    """Put these in the place of what is not found yet; what was found once is never found again.

    A warning that calls nobody any more is on record as found.
    """
    found: set[tuple[int, int, str, int]] = set()
    for ids in _chunks(marks):
        known = clock_marks.c.ticket_id.in_(ids)
        connection.execute(delete(clock_marks).where(known, clock_marks.c.found_at.is_(None)))
        query = select(
            clock_marks.c.ticket_id, clock_marks.c.cycle, clock_marks.c.guarantee, clock_marks.c.percent
        ).where(known)
        found |= {tuple(row) for row in connection.execute(query)}
    rows = [
        {
            "ticket_id": ticket_id,
            "cycle": mark.cycle,
            "guarantee": mark.guarantee,
            "percent": mark.percent,
            "at": mark.at,
            "found_at": None if mark.calls else now,
        }
        for ticket_id, listed in marks.items()
        for mark in listed
        if (ticket_id, *mark.key) not in found
    ]
    if rows:
        connection.execute(insert(clock_marks), rows)


def find_passed(connection: Connection, *, now: datetime, limit: int) -> list[FoundMark]:
    """Take marks that were passed by now and not found before, oldest first; nobody gets them again.

    Those of a stale ticket wait: what happened to it may be that its clock stopped in time.
    """
    stale = select(stale_clocks.c.ticket_id)
    due = (
        select(clock_marks.c.id)
        .where(clock_marks.c.found_at.is_(None), clock_marks.c.at <= now, clock_marks.c.ticket_id.not_in(stale))
        .order_by(clock_marks.c.at, clock_marks.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = connection.execute(
        update(clock_marks)
        .where(clock_marks.c.id.in_(select(due.c.id)))
        .values(found_at=now)
        .returning(
            clock_marks.c.ticket_id,
            clock_marks.c.cycle,
            clock_marks.c.guarantee,
            clock_marks.c.percent,
            clock_marks.c.at,
        )
    )
    passed = (
        FoundMark(
            ticket_id=row.ticket_id,
            mark=Mark(at=row.at, cycle=row.cycle, guarantee=Guarantee(row.guarantee), percent=row.percent),
        )
        for row in taken
    )
    return sorted(passed, key=lambda one: (one.mark, one.ticket_id))


@cache
def _make_stale(dialect: str) -> Any:
    statement = maker_of(dialect)(stale_clocks)
    return statement.on_conflict_do_update(
        index_elements=[stale_clocks.c.ticket_id], set_={"ticket_id": statement.excluded.ticket_id}
    )


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    every = list(ids)
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))
