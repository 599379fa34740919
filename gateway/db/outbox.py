"""The outbox: one row for each mail to one recipient, written in the transaction of what it tells about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)

from gateway.db.attempts import Attempts
from gateway.db.together import Question, later
from gateway.db.types import Json, UtcDateTime, metadata


class DeliveryState(StrEnum):
    """Where an outgoing mail stands.

    `unknown`: the relay may have taken it, we did not hear the end. `suppressed`: never dialled, because mail had
    come back from its address. `failed` is also what was sent and came back for good.
    """

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("notice", String(40), nullable=False),
    Column("project", String(10), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), index=True),
    Column("entry_id", ForeignKey("entries.id", ondelete="CASCADE")),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("lang", String(2), nullable=False),
    Column("message_id", Text, nullable=False, unique=True),
    Column("in_reply_to", Text),
    Column("reference_ids", Json, nullable=False),
    Column("context", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Index("ix_deliveries_state_next_attempt_at", "state", "next_attempt_at"),
    Index("ix_deliveries_recipient_created_at", "recipient", "created_at"),
)

_OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN)
MAILS = Attempts(deliveries, _OPEN)
"""How mails are taken, tried and ended."""


@dataclass(frozen=True, kw_only=True)
class NewDelivery:
    """A mail to write down. `context` holds what its template needs, plain JSON and no secret."""

    notice: str
    project: str
    person_id: int
    recipient: str
    lang: str
    message_id: str
    ticket_id: int | None = None
    entry_id: int | None = None
    in_reply_to: str | None = None
    reference_ids: Sequence[str] = ()
    context: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Delivery(NewDelivery):
    """A row of the outbox. `attempts` counts the tries begun; times are UTC."""

    id: int
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime
    last_error: str | None
    sent_at: datetime | None


_INSERT = insert(deliveries).inline()


def add_delivery(connection: Connection, new: NewDelivery) -> None:
    """Write a mail down, due at once."""
    values = {name: getattr(new, name) for name in NewDelivery.__dataclass_fields__}
    values |= {"reference_ids": list(new.reference_ids), "context": dict(new.context)}
    values |= {"state": DeliveryState.QUEUED, "attempts": 0, "next_attempt_at": new.created_at}
    later(connection, Question(_INSERT, values))


def begin_attempts(connection: Connection, *, now: datetime, lease: timedelta, limit: int) -> list[Delivery]:
    """Take what is due and write the attempt down, before anybody dials.

    Until `lease` has passed nobody else takes these rows; after it they are due again, as after a crash. The
    oldest due come first, whatever became of others.
    """
    order = (deliveries.c.next_attempt_at, deliveries.c.id)
    taken = MAILS.begin(connection, now=now, lease=lease, limit=limit, order=order)
    return [_delivery(row) for row in taken]


def end_attempt(
    connection: Connection,
    delivery: Delivery,
    *,
    state: DeliveryState,
    at: datetime,
    next_attempt_at: datetime | None = None,
    error: str | None = None,
) -> bool:
    """Write down how an attempt ended.

    False, and nothing written, for an attempt that took longer than its lease and was begun anew meanwhile.
    """
    values: dict[str, Any] = {"state": state, "last_error": error}
    if state is DeliveryState.SENT:
        values["sent_at"] = at
    if next_attempt_at is not None:
        values["next_attempt_at"] = next_attempt_at
    return MAILS.end(connection, delivery, **values)


def give_back(
    connection: Connection, untried: Sequence[Delivery], *, due_at: datetime, error: str | None = None
) -> None:
    """Give back mails that were taken and not tried: the attempt does not count. `error` says what stood in the way.

    Which of them an earlier attempt left in doubt is not kept: nothing is decided by it.
    """
    said = {} if error is None else {"last_error": error}
    MAILS.give_back(connection, untried, due_at=due_at, **said)


def count_recent(connection: Connection, *, notice: str, recipient: str, since: datetime) -> int:
    """How many notices of this kind were written for this address since then."""
    query = select(func.count()).where(
        deliveries.c.recipient == recipient,
        deliveries.c.created_at >= since,
        deliveries.c.notice == notice,
    )
    return int(connection.execute(query).scalar_one())


def find_delivery(connection: Connection, delivery_id: int) -> Delivery | None:
    """The row with this id."""
    row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).one_or_none()
    return None if row is None else _delivery(row)


def find_delivery_of_message_id(connection: Connection, message_id: str) -> Delivery | None:
    """The row of the mail with this Message-ID."""
    row = connection.execute(select(deliveries).where(deliveries.c.message_id == message_id)).one_or_none()
    return None if row is None else _delivery(row)


def mark_returned(connection: Connection, delivery_id: int, *, error: str) -> bool:
    """A mail has failed for good, by a report, whatever we knew of it. False where it was at such an end already."""
    statement = (
        update(deliveries)
        .where(deliveries.c.id == delivery_id, deliveries.c.state.in_((*_OPEN, DeliveryState.SENT)))
        .values(state=DeliveryState.FAILED, last_error=error)
    )
    return connection.execute(statement).rowcount == 1


def mark_delayed(connection: Connection, delivery_id: int, *, error: str) -> bool:
    """A mail that was sent is still under way, by a report. False where that, or worse, was known already."""
    statement = (
        update(deliveries)
        .where(
            deliveries.c.id == delivery_id,
            deliveries.c.state == DeliveryState.SENT,
            deliveries.c.last_error.is_(None),
        )
        .values(last_error=error)
    )
    return connection.execute(statement).rowcount == 1


def list_deliveries(connection: Connection, *, states: Sequence[DeliveryState] | None = None) -> list[Delivery]:
    """Rows of the outbox, oldest first."""
    query = select(deliveries).order_by(deliveries.c.id)
    if states is not None:
        query = query.where(deliveries.c.state.in_(states))
    return [_delivery(row) for row in connection.execute(query)]


def _delivery(row: Row[Any]) -> Delivery:
    values = {name: row._mapping[name] for name in Delivery.__dataclass_fields__}
    return Delivery(**{**values, "state": DeliveryState(values["state"])})
