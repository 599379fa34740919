"""Calls and what was heard of them. A call's row is computed from its events, under a lock on that row."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
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
    select,
    update,
)

from gateway.db.tickets import tickets
from gateway.db.types import Json, UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates
from gateway.domain.call import CallEvent

calls = Table(
    "calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("provider", String(16), nullable=False),
    Column("provider_id", String(250), nullable=False),
    Column("project", String(10), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="SET NULL"), index=True),
    Column("entry_id", ForeignKey("entries.id", ondelete="SET NULL")),
    Column("callback_id", ForeignKey("callback_requests.id", ondelete="SET NULL"), index=True),
    Column("caller", String(64)),
    Column("caller_kind", String(16), nullable=False),
    Column("called", String(64), nullable=False),
    Column("lang", String(2), nullable=False),
    Column("started_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("agent_id", ForeignKey("people.id", ondelete="SET NULL")),
    Column("status", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("is_open", Boolean),
    Column("trust", String(16), nullable=False),
    Column("waiting_seconds", Integer),
    Column("talk_seconds", Integer),
    Column("total_seconds", Integer),
    Column("source", String(16), nullable=False),
    Column("details", Json, nullable=False),
    Column("triage", String(16)),
    Column("triage_reason", Text),
    Column("stopped_gti", Boolean, nullable=False),
    Index("uq_calls_provider_id", "provider", "provider_id", unique=True),
)

call_events = Table(
    "call_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("data", Json, nullable=False),
)

call_messages = Table(
    "call_messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("recording_id", String(64), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("sha256", String(64)),
    Column("size", Integer),
    Column("type", String(64)),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime),
    Column("fetched_at", UtcDateTime),
    Column("deleted_at", UtcDateTime),
    Column("error", Text),
)


@dataclass(frozen=True, kw_only=True)
class CallKey:
    """A call by its provider's name for it."""

    provider: str
    provider_id: str


def lock_call(connection: Connection, key: CallKey, *, now: datetime) -> Row[Any]:
    """The call's row, made now if this is the first that is heard of it, and ours until the transaction ends."""
    insert_ignoring_duplicates(
        connection,
        calls,
        provider=key.provider,
        provider_id=key.provider_id,
        project="",
        caller_kind="anonymous",
        called="",
        lang="fr",
        started_at=now,
        status="queued",
        outcome="under_way",
        trust="none",
        source="",
        details={},
        stopped_gti=False,
    )
    named = (calls.c.provider == key.provider) & (calls.c.provider_id == key.provider_id)
    return connection.execute(select(calls).where(named).with_for_update()).one()


def add_call_event(connection: Connection, call_id: int, event: CallEvent) -> bool:
    """Keep an event. False where it was kept before."""
    return insert_ignoring_duplicates(
        connection,
        call_events,
        call_id=call_id,
        key=event.key,
        kind=event.kind,
        at=event.at,
        turn=event.turn,
        data=dict(event.data),
    )


def events_of_call(connection: Connection, call_id: int) -> list[CallEvent]:
    """All that was heard of a call."""
    rows = connection.execute(select(call_events).where(call_events.c.call_id == call_id).order_by(call_events.c.id))
    return [CallEvent(key=row.key, kind=row.kind, at=row.at, turn=row.turn, data=row.data) for row in rows]


def update_call(connection: Connection, call_id: int, values: Mapping[str, Any]) -> None:
    """Write what a call is by now."""
    connection.execute(update(calls).where(calls.c.id == call_id).values(**values))


def know_message(connection: Connection, call_id: int, *, recording_id: str, seconds: int) -> None:
    """Remember that there is a message to fetch; one that is known keeps its state."""
    insert_ignoring_duplicates(
        connection,
        call_messages,
        call_id=call_id,
        recording_id=recording_id,
        state="wanted",
        seconds=seconds,
        attempts=0,
    )
    longer = (call_messages.c.recording_id == recording_id) & (call_messages.c.seconds < seconds)
    connection.execute(update(call_messages).where(longer).values(seconds=seconds))


def messages_of_call(connection: Connection, call_id: int) -> list[Row[Any]]:
    """The messages of a call, as rows of `call_messages`."""
    query = select(call_messages).where(call_messages.c.call_id == call_id).order_by(call_messages.c.recording_id)
    return list(connection.execute(query))


def count_calls_of_callback(connection: Connection, callback_id: int) -> int:
    """How many calls asked for this one call back."""
    query = select(func.count()).select_from(calls).where(calls.c.callback_id == callback_id)
    return int(connection.execute(query).scalar_one())


def find_call(connection: Connection, ident: str) -> Row[Any] | None:
    """The call with this number of ours, or this id of its provider's."""
    number = int(ident) if ident.isascii() and ident.isdigit() and len(ident) < 10 else -1
    query = select(calls).where((calls.c.provider_id == ident) | (calls.c.id == number)).limit(1)
    return connection.execute(query).one_or_none()


def list_calls_of(
    connection: Connection, projects: Collection[str], *, before: int | None, limit: int
) -> list[tuple[Row[Any], str | None]]:
    """Calls of these projects, the newest first, each with its ticket's reference; those known before call `before`."""
    query = select(calls, tickets.c.ref).outerjoin(tickets, tickets.c.id == calls.c.ticket_id)
    query = query.where(calls.c.project.in_(sorted(projects))).order_by(calls.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(calls.c.id < before)
    return [(row, row.ref) for row in connection.execute(query)]


def list_calls(connection: Connection, *, limit: int | None = None) -> list[Row[Any]]:
    """Calls, the latest first, as rows of `calls`."""
    return list(connection.execute(select(calls).order_by(calls.c.started_at.desc(), calls.c.id.desc()).limit(limit)))
