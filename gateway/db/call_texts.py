"""Text messages with the platform's address: wanted, sent, refused by the provider, failed, or one too many.

A number is not kept here: `key` is made of it and of the day, so that each gets one a day at most.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, Row, String, Table, Text, delete, func, select, update

from gateway.db.calls import calls
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

call_texts = Table(
    "call_texts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("wanted_at", UtcDateTime, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime),
    Column("message_id", String(64)),
    Column("error", Text),
)

_HOUR = timedelta(hours=1)


def want_text(connection: Connection, call_id: int, *, key: str, at: datetime, most_per_hour: int) -> None:
    """Remember that a caller is to be sent a text; once for a call, and once for a key."""
    recent = select(func.count()).select_from(call_texts).where(call_texts.c.wanted_at > at - _HOUR)
    state = "wanted" if int(connection.execute(recent).scalar_one()) < most_per_hour else "limited"
    insert_ignoring_duplicates(connection, call_texts, call_id=call_id, key=key, state=state, wanted_at=at, attempts=0)


def count_due_texts(connection: Connection, *, now: datetime) -> int:
    """How many texts are to be sent by now."""
    return int(connection.execute(select(func.count()).select_from(call_texts).where(_is_due(now))).scalar_one())


def due_texts(connection: Connection, *, now: datetime) -> list[Row[Any]]:
    """Those texts, as rows of `call_texts` with the caller, the project and the language of the call."""
    query = (
        select(call_texts, calls.c.caller, calls.c.caller_kind, calls.c.project, calls.c.lang)
        .join(calls, calls.c.id == call_texts.c.call_id)
        .where(_is_due(now))
        .order_by(call_texts.c.id)
        .limit(50)
    )
    return list(connection.execute(query))


def begin_text(connection: Connection, text_id: int, *, now: datetime, again_at: datetime) -> bool:
    """Write a try down before it begins. False where somebody else has begun one."""
    values = {"attempts": call_texts.c.attempts + 1, "next_attempt_at": again_at}
    mine = (call_texts.c.id == text_id) & _is_due(now)
    return connection.execute(update(call_texts).where(mine).values(**values)).rowcount == 1


def move_text(connection: Connection, text_id: int, values: Mapping[str, Any]) -> None:
    """Write down what became of a text."""
    connection.execute(update(call_texts).where(call_texts.c.id == text_id).values(**values))


def text_of_call(connection: Connection, call_id: int) -> Row[Any] | None:
    """The text that the caller of a call wanted."""
    return connection.execute(select(call_texts).where(call_texts.c.call_id == call_id)).one_or_none()


def forget_texts(connection: Connection, *, before: datetime) -> int:
    """Drop texts that were wanted before this; how many."""
    return connection.execute(delete(call_texts).where(call_texts.c.wanted_at < before)).rowcount


def _is_due(now: datetime) -> Any:
    waited = call_texts.c.next_attempt_at.is_(None) | (call_texts.c.next_attempt_at <= now)
    return (call_texts.c.state == "wanted") & waited
