"""The outbox of webhooks: one row for each thing that happened and each receiver, written with what happened.

A row holds ids and changes alone. What is told beyond is read when it is sent, so that nothing has to be erased here.
A receiver gets what concerns one ticket in order; `id` counts up, so that it can put the rest in order too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    text,
    update,
)

from gateway.db.attempts import Attempts
from gateway.db.types import Json, UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates
from gateway.domain.hooks import Hook, HookFact
from gateway.ids import random32

OPTION = "gateway_hooks"
"""The name under which a connection knows the receivers (`Hook`), by project key."""


class HookState(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


OPEN = (HookState.QUEUED, HookState.SENDING)
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("webhook_id", String(40), nullable=False, unique=True),
    Column("endpoint", String(60), nullable=False),
    Column("ticket_id", Integer, ForeignKey("tickets.id", ondelete="CASCADE"), index=True),
    Column("entry_id", Integer),
    Column("event", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("data", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
)
_IS_OPEN = text("state IN ('queued', 'sending')")
Index(
    "ix_webhook_deliveries_open",
    webhook_deliveries.c.endpoint,
    webhook_deliveries.c.id,
    sqlite_where=_IS_OPEN,
    postgresql_where=_IS_OPEN,
)

_BEGIN = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("busy_until", UtcDateTime, nullable=False, default=_BEGIN),
    Column("failures", Integer, nullable=False),
    Column("paused_until", UtcDateTime, nullable=False),
    Column("last_error", Text),
    Column("gone_at", UtcDateTime),
)
"""How each receiver fares: `failures` in a row, and until when nobody dials. `busy_until`, and the row without a name,
are of the release before, whose workers send while they run beside us."""
WEBHOOKS = Attempts(webhook_deliveries, OPEN)
"""How webhooks are taken, tried and ended."""
_earlier = webhook_deliveries.alias("earlier")
_WAITS = (
    select(_earlier.c.id)
    .where(
        _earlier.c.endpoint == webhook_deliveries.c.endpoint,
        _earlier.c.ticket_id == webhook_deliveries.c.ticket_id,
        _earlier.c.id < webhook_deliveries.c.id,
        _earlier.c.state.in_(OPEN),
    )
    .exists()
)
"""A delivery waits while an earlier one of its ticket is not at its end."""

Ready = Row[Any]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How an attempt ended."""

    state: HookState
    at: datetime
    next_attempt_at: datetime
    error: str | None


def note_facts(connection: Connection, ticket_id: int, facts: Sequence[HookFact], *, project: str) -> None:
    """Write down what happened, for each receiver of the project that wants to know; nothing where there is none."""
    hooks = connection.get_execution_options().get(OPTION, {}).get(project, ())
    rows = [_values(hook, ticket_id, fact) for fact in facts for hook in hooks if _wants(hook, fact)]
    if rows:
        connection.execute(insert(webhook_deliveries), rows)


def has_hooks(connection: Connection) -> bool:
    """Whether there is any receiver at all."""
    return bool(connection.get_execution_options().get(OPTION))


def add_ping(connection: Connection, name: str, *, now: datetime) -> int:
    """Write down a try, and return its id."""
    values = _row(name, event="ping", at=now, created_at=now)
    return int(
        connection.execute(insert(webhook_deliveries).values(**values).returning(webhook_deliveries.c.id)).scalar_one()
    )


def due_endpoints(connection: Connection, names: Iterable[str], *, now: datetime) -> list[str]:
    """Those of these receivers that something can be sent to now."""
    query = select(webhook_deliveries.c.endpoint).where(WEBHOOKS.is_due(now), *_can_be_sent(names, now))
    return sorted(set(connection.scalars(query.distinct())))


def count_due_webhooks(connection: Connection, names: Iterable[str], *, now: datetime) -> int:
    """How many webhooks can be sent to these receivers now."""
    return WEBHOOKS.count_due(connection, *_can_be_sent(names, now), now=now)


def begin_attempt(connection: Connection, name: str, *, now: datetime, lease: timedelta) -> Ready | None:
    """The next delivery for a receiver, its attempt written down before anybody dials; None where nothing is due.

    One waits while an earlier one of the same ticket is not at its end. Two who ask at once do not get the same.
    """
    rows = webhook_deliveries.c
    taken = WEBHOOKS.begin(connection, rows.endpoint == name, ~_WAITS, now=now, lease=lease, limit=1, order=[rows.id])
    return taken[0] if taken else None


def end_attempt(connection: Connection, row: Ready, ending: Ending) -> bool:
    """Write down how it ended. False for an attempt that took longer than its lease and was begun anew."""
    values: dict[str, Any] = {
        "state": ending.state,
        "last_error": ending.error,
        "next_attempt_at": ending.next_attempt_at,
        "sent_at": ending.at if ending.state is HookState.SENT else None,
    }
    return WEBHOOKS.end(connection, row, **values)


def note_health(connection: Connection, name: str, **values: Any) -> None:
    """Keep how a receiver fares: `failures`, `paused_until`, `last_error`, `gone_at`."""
    insert_ignoring_duplicates(connection, webhook_endpoints, name=name, failures=0, paused_until=_BEGIN)
    connection.execute(update(webhook_endpoints).where(webhook_endpoints.c.name == name).values(**values))


def failures_of(connection: Connection, name: str) -> int:
    """How many attempts failed in a row."""
    query = select(webhook_endpoints.c.failures).where(webhook_endpoints.c.name == name)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def give_up(connection: Connection, name: str, *, before: datetime) -> int:
    """End what waits for a receiver since before then; how many that were."""
    mine = webhook_deliveries.c
    old = (mine.endpoint == name) & (mine.state == HookState.QUEUED) & (mine.created_at < before)
    values = {"state": HookState.FAILED, "last_error": "given up: the receiver was not there for too long"}
    return connection.execute(update(webhook_deliveries).where(old).values(**values)).rowcount


def try_again(connection: Connection, *, now: datetime, name: str | None = None, number: int | None = None) -> int:
    """Let what failed, and what waits, of a receiver or of one delivery, be tried now; how many that are."""
    mine = webhook_deliveries.c
    which = mine.endpoint == name if number is None else mine.id == number
    values = {"state": HookState.QUEUED, "next_attempt_at": now, "created_at": now}
    found = connection.execute(
        update(webhook_deliveries)
        .where(which, mine.state.in_((HookState.QUEUED, HookState.FAILED)))
        .values(**values)
        .returning(mine.endpoint)
    ).all()
    for endpoint in {row.endpoint for row in found} | ({name} if name else set()):
        note_health(connection, endpoint, failures=0, paused_until=_BEGIN, gone_at=None)
    return len(found)


def _can_be_sent(names: Iterable[str], now: datetime) -> tuple[ColumnElement[bool], ...]:
    """To one of these receivers, which may be dialled, and nothing goes before it."""
    resting = select(webhook_endpoints.c.name).where(
        (webhook_endpoints.c.paused_until > now) | webhook_endpoints.c.gone_at.is_not(None)
    )
    endpoint = webhook_deliveries.c.endpoint
    return endpoint.in_(sorted(names)), endpoint.not_in(resting), ~_WAITS


def _wants(hook: Hook, fact: HookFact) -> bool:
    return fact.event in hook.events and (hook.is_internal or not fact.is_internal)


def _values(hook: Hook, ticket_id: int, fact: HookFact) -> dict[str, Any]:
    return _row(
        hook.name,
        event=fact.event.value,
        at=fact.at,
        created_at=fact.at,
        ticket_id=ticket_id,
        entry_id=fact.entry_id,
        data=dict(fact.data),
    )


def _row(name: str, *, event: str, at: datetime, created_at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "webhook_id": f"msg_{random32(26)}",
        "endpoint": name,
        "ticket_id": None,
        "entry_id": None,
        "event": event,
        "at": at,
        "data": {},
        "state": HookState.QUEUED,
        "attempts": 0,
        "next_attempt_at": created_at,
        "created_at": created_at,
        **more,
    }
