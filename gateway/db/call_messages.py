"""Voice messages on their way home: wanted, stored with us, kept (and gone at the provider), or refused, failed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, update

from gateway.db.calls import call_messages as messages

_UNDER_WAY = ("wanted", "stored")


def _is_due(now: datetime) -> Any:
    waited = or_(messages.c.next_attempt_at.is_(None), messages.c.next_attempt_at <= now)
    return messages.c.state.in_(_UNDER_WAY) & waited


def count_due_messages(connection: Connection, *, now: datetime) -> int:
    """How many messages are to be fetched, or forgotten at the provider, by now."""
    return int(connection.execute(select(func.count()).select_from(messages).where(_is_due(now))).scalar_one())


def due_messages(connection: Connection, *, now: datetime) -> list[Row[Any]]:
    """Those messages, as rows of `call_messages`."""
    return list(connection.execute(select(messages).where(_is_due(now)).order_by(messages.c.id).limit(50)))


def begin_attempt(connection: Connection, message_id: int, *, now: datetime, again_at: datetime) -> bool:
    """Write a try down before it begins. False where somebody else has begun one."""
    values = {"attempts": messages.c.attempts + 1, "next_attempt_at": again_at}
    mine = (messages.c.id == message_id) & _is_due(now)
    return connection.execute(update(messages).where(mine).values(**values)).rowcount == 1


def move_message(connection: Connection, message_id: int, values: Mapping[str, Any]) -> None:
    """Write down where a message is now."""
    connection.execute(update(messages).where(messages.c.id == message_id).values(**values))
