"""What is kept of calls, and for how long; the bounds cannot be configured away.

- what a webhook carried beyond the facts, and that a text message was sent: 30 days
- a voice message: `message_days` after its ticket was closed, and 180 days at most; its sum and length stay, as proof
- the caller's number: `call_days`; then a keyed pseudonym stands in its place, and the call is still counted
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, update

from gateway.config.locations import signing_keys
from gateway.config.telephony import LONGEST_MESSAGE_DAYS
from gateway.db.call_texts import forget_texts
from gateway.db.callbacks import callback_requests
from gateway.db.calls import call_events, call_messages, calls
from gateway.db.tickets import tickets
from gateway.files.store import sound_name
from gateway.runtime import Runtime

PAYLOAD_DAYS = 30
ERASED = "erased"
_BATCH = 200


def forget_calls(runtime: Runtime) -> int:
    """Forget what is old enough, some hundreds at a time; how much was. Running it again forgets the rest."""
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        forgotten = _forget_payloads(connection, now=now)
        forgotten += forget_texts(connection, before=now - timedelta(days=PAYLOAD_DAYS))
        forgotten += _forget_numbers(connection, runtime, now=now)
        sounds = _forget_messages(connection, runtime, now=now)
    for digest in sounds:
        # After the commit: a sound without a row would be found by nobody, a row without its sound says so.
        runtime.files.forget(sound_name(digest))
    return forgotten + len(sounds)


@dataclass(frozen=True, kw_only=True)
class OldCalls:
    """How much of calls is over now."""

    payloads: int
    numbers: int
    messages: int


def count_old_calls(runtime: Runtime) -> OldCalls:
    """What `forget_calls` would forget, were it run to its end."""
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        return OldCalls(
            payloads=_count(connection, select(call_events).where(_has_old_payload(now))),
            numbers=_count(connection, select(calls).where(_has_old_number(runtime, now))),
            messages=_count(connection, _old_messages(runtime, now)),
        )


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def _has_old_payload(now: datetime) -> ColumnElement[bool]:
    has_payload: ColumnElement[bool] = call_events.c.data["params"].as_string().is_not(None)
    return has_payload & (call_events.c.at < now - timedelta(days=PAYLOAD_DAYS))


def _has_old_number(runtime: Runtime, now: datetime) -> ColumnElement[bool]:
    before = now - timedelta(days=runtime.settings.telephony.call_days)
    return (calls.c.started_at < before) & calls.c.caller.is_not(None) & (calls.c.caller_kind != ERASED)


def _old_messages(runtime: Runtime, now: datetime) -> Select[Any]:
    closed_before = now - timedelta(days=runtime.settings.telephony.message_days)
    return (
        select(call_messages.c.id, call_messages.c.sha256)
        .join(calls, calls.c.id == call_messages.c.call_id)
        .outerjoin(tickets, tickets.c.id == calls.c.ticket_id)
        .where(call_messages.c.state == "kept", call_messages.c.sha256.is_not(None))
        .where(
            or_(
                calls.c.started_at < now - timedelta(days=LONGEST_MESSAGE_DAYS),
                tickets.c.closed_at < closed_before,
            )
        )
    )


def _forget_payloads(connection: Connection, *, now: datetime) -> int:
    rows = connection.execute(select(call_events).where(_has_old_payload(now)).limit(_BATCH)).all()
    for row in rows:
        kept = {name: value for name, value in row.data.items() if name != "params"}
        connection.execute(update(call_events).where(call_events.c.id == row.id).values(data=kept))
    return len(rows)


def _forget_numbers(connection: Connection, runtime: Runtime, *, now: datetime) -> int:
    key = signing_keys(runtime.settings)[0]
    rows = connection.execute(select(calls).where(_has_old_number(runtime, now)).limit(_BATCH)).all()
    for row in rows:
        pseudonym = hmac.digest(key, f"caller {row.caller}".encode(), "sha256").hex()[:16]
        values = {"caller": pseudonym, "caller_kind": ERASED}
        connection.execute(update(calls).where(calls.c.id == row.id).values(**values))
        for event in connection.execute(select(call_events).where(call_events.c.call_id == row.id)).all():
            data = {name: value for name, value in event.data.items() if name != "params"}
            if data.get("from"):
                data |= {"from": pseudonym, "from_kind": ERASED}
            connection.execute(update(call_events).where(call_events.c.id == event.id).values(data=data))
        if row.callback_id is not None:
            mine = callback_requests.c.id == row.callback_id
            connection.execute(update(callback_requests).where(mine).values(number=None))
    return len(rows)


def _forget_messages(connection: Connection, runtime: Runtime, *, now: datetime) -> list[str]:
    rows = connection.execute(_old_messages(runtime, now).limit(_BATCH)).all()
    for row in rows:
        connection.execute(update(call_messages).where(call_messages.c.id == row.id).values(state=ERASED))
    return [row.sha256 for row in rows]
