"""Who is to be called back, and by when."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, Row, String, Table, delete, insert, select, update

from gateway.db.types import UtcDateTime, metadata
from gateway.domain.escalation import BREACH

MERGED_WITHIN = timedelta(minutes=30)
OPEN_STATES = ("open", "claimed", "attempted")

callback_requests = Table(
    "callback_requests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", String(10), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), index=True),
    Column("number", String(64)),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("agent_id", ForeignKey("people.id", ondelete="SET NULL")),
    Column("closed_at", UtcDateTime),
    Column("warned_at", UtcDateTime),
    Column("warned_percent", Integer, nullable=False, server_default="0"),
)


def join_callback(
    connection: Connection, *, project: str, ticket_id: int, number: str | None, at: datetime, due_at: datetime
) -> int:
    """The request of this ticket and number that was made within half an hour, or a new one; its id."""
    same = (
        (callback_requests.c.ticket_id == ticket_id)
        & callback_requests.c.number.is_not_distinct_from(number)
        & callback_requests.c.state.in_(OPEN_STATES)
        & callback_requests.c.requested_at.between(at - MERGED_WITHIN, at + MERGED_WITHIN)
    )
    found = connection.scalar(select(callback_requests.c.id).where(same).order_by(callback_requests.c.id).limit(1))
    if found is not None:
        return int(found)
    values = {"project": project, "ticket_id": ticket_id, "number": number, "requested_at": at, "due_at": due_at}
    query = insert(callback_requests).values(**values, state="open", attempts=0).returning(callback_requests.c.id)
    return int(connection.execute(query).scalar_one())


def revise_callback(
    connection: Connection, callback_id: int, *, number: str | None, at: datetime, due_at: datetime
) -> None:
    """Put right when and by whom it was asked for, as more is known of its call, while nobody has touched it."""
    mine = (callback_requests.c.id == callback_id) & (callback_requests.c.state == "open")
    values = {"number": number, "requested_at": at, "due_at": due_at}
    connection.execute(update(callback_requests).where(mine).values(**values))


def forget_callback(connection: Connection, callback_id: int) -> bool:
    """Take back a request that nobody has touched. False where somebody has."""
    mine = (callback_requests.c.id == callback_id) & (callback_requests.c.state == "open")
    return connection.execute(delete(callback_requests).where(mine)).rowcount == 1


def find_callback(connection: Connection, callback_id: int) -> Row[Any] | None:
    """The request with this id."""
    return connection.execute(select(callback_requests).where(callback_requests.c.id == callback_id)).one_or_none()


def callbacks_to_warn_of(connection: Connection, *, now: datetime, lock: bool) -> list[Row[Any]]:
    """The requests that are not closed and may have passed a mark that nobody was told of, as rows."""
    waiting = (
        callback_requests.c.state.in_(OPEN_STATES)
        & (callback_requests.c.warned_percent < BREACH)
        & (callback_requests.c.requested_at < now)
    )
    query = select(callback_requests).where(waiting).order_by(callback_requests.c.id)
    return list(connection.execute(query.with_for_update(skip_locked=True) if lock else query))


def mark_callback(connection: Connection, callback_id: int, *, percent: int, now: datetime) -> bool:
    """Remember the mark that is told of. False where somebody else was faster."""
    mine = (callback_requests.c.id == callback_id) & (callback_requests.c.warned_percent < percent)
    values = {"warned_percent": percent, "warned_at": now}
    return connection.execute(update(callback_requests).where(mine).values(**values)).rowcount == 1


def list_callbacks(connection: Connection) -> list[Row[Any]]:
    """Requests, the one due first first, as rows of `callback_requests`."""
    return list(connection.execute(select(callback_requests).order_by(callback_requests.c.due_at)))


def move_callback(
    connection: Connection, callback_id: int, *, state: str, agent_id: int, now: datetime, tried: bool
) -> bool:
    """Put a request that is not closed into a state. False where it is closed, or not there."""
    values: dict[str, Any] = {"state": state, "agent_id": agent_id}
    if tried:
        values["attempts"] = callback_requests.c.attempts + 1
    if state not in OPEN_STATES:
        values["closed_at"] = now
    mine = (callback_requests.c.id == callback_id) & callback_requests.c.state.in_(OPEN_STATES)
    return connection.execute(update(callback_requests).where(mine).values(**values)).rowcount == 1
