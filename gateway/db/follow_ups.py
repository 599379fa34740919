"""What the timetable does about tickets that wait for their reporter or are resolved, each step once.

A row for each step that is to come, worked out ahead like the marks of clocks; `done_at` once it was taken. The rows
of a ticket are worked out anew when something happens to it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, String, Table, delete, insert, select, update

from gateway.db.clock_marks import stale_clocks
from gateway.db.types import UtcDateTime, metadata
from gateway.domain.follow_up import FollowUp, Step

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("step", String(8), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Index("ix_follow_ups_key", "ticket_id", "since", "step", "number", unique=True),
    Index("ix_follow_ups_done_at_at", "done_at", "at"),
)

_CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Due:
    """A step whose time has come."""

    ticket_id: int
    follow_up: FollowUp


def replace_follow_ups(connection: Connection, planned: Mapping[int, Collection[FollowUp]]) -> None:
    """Put these in the place of what is not done yet; what was done is never done again, what was put off stays so."""
    every = list(planned)
    for start in range(0, len(every), _CHUNK):
        ids = every[start : start + _CHUNK]
        known = {
            (row.ticket_id, row.since, row.step, row.number): row
            for row in connection.execute(select(follow_ups).where(follow_ups.c.ticket_id.in_(ids)))
        }
        if any(row.done_at is None for row in known.values()):
            undone = follow_ups.c.ticket_id.in_(ids) & follow_ups.c.done_at.is_(None)
            connection.execute(delete(follow_ups).where(undone))
        rows = []
        for ticket_id in ids:
            for one in planned[ticket_id]:
                before = known.get((ticket_id, one.since, one.step, one.number))
                if before is None or before.done_at is None:
                    at = one.at if before is None else max(one.at, before.at)
                    rows.append(_values(ticket_id, one) | {"at": at})
        if rows:
            connection.execute(insert(follow_ups), rows)


def take_due(connection: Connection, *, now: datetime, limit: int) -> list[Due]:
    """Take steps whose time has come, oldest first; nobody gets them again. Those of a stale ticket wait."""
    due = (
        select(follow_ups.c.id)
        .where(
            follow_ups.c.done_at.is_(None),
            follow_ups.c.at <= now,
            follow_ups.c.ticket_id.not_in(select(stale_clocks.c.ticket_id)),
        )
        .order_by(follow_ups.c.at, follow_ups.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = connection.execute(
        update(follow_ups).where(follow_ups.c.id.in_(select(due.c.id))).values(done_at=now).returning(*follow_ups.c)
    )
    found = [
        Due(
            ticket_id=row.ticket_id,
            follow_up=FollowUp(since=row.since, step=Step(row.step), number=row.number, at=row.at),
        )
        for row in taken
    ]
    return sorted(found, key=lambda one: (one.follow_up.at, one.ticket_id))


def anything_due(connection: Connection, *, now: datetime) -> bool:
    """True where a step's time has come. A look that takes no lock."""
    query = select(follow_ups.c.id).where(follow_ups.c.done_at.is_(None), follow_ups.c.at <= now)
    return connection.execute(query.limit(1)).first() is not None


def put_off_closing(connection: Connection, ticket_id: int, *, since: datetime, until: datetime) -> datetime | None:
    """Let the ticket not be closed before `until`, also where that was just taken; when it will be, None for never."""
    mine = (follow_ups.c.ticket_id == ticket_id) & (follow_ups.c.since == since) & (follow_ups.c.step == Step.CLOSE)
    connection.execute(update(follow_ups).where(mine).values(done_at=None))
    connection.execute(update(follow_ups).where(mine, follow_ups.c.at < until).values(at=until))
    at: datetime | None = connection.execute(select(follow_ups.c.at).where(mine)).scalar_one_or_none()
    return at


def _values(ticket_id: int, one: FollowUp) -> dict[str, object]:
    return {"ticket_id": ticket_id, "since": one.since, "step": one.step, "number": one.number, "at": one.at}
