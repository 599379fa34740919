"""What somebody typed into a page and has not sent yet: theirs alone, and forgotten after a while."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, String, Table, delete, select, update

from gateway.db.types import Json, UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

drafts = Table(
    "drafts",
    metadata,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("place", String(40), primary_key=True),
    Column("content", Json, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)


def save_draft(
    connection: Connection,
    *,
    person_id: int,
    place: str,
    content: Mapping[str, str],
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep this in the place of what the person left there before. `place` names a form: `report`, `reply:DEMO-42`."""
    values = {"content": dict(content), "updated_at": now, "expires_at": expires_at}
    insert_ignoring_duplicates(connection, drafts, person_id=person_id, place=place, **values)
    connection.execute(update(drafts).where(_is(person_id, place)).values(**values))


def find_draft(connection: Connection, *, person_id: int, place: str, now: datetime) -> dict[str, str] | None:
    """What the person left there; None for nothing, and for what is too old."""
    query = select(drafts.c.content).where(_is(person_id, place), drafts.c.expires_at > now)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else {str(name): str(value) for name, value in found.items()}


def drop_draft(connection: Connection, *, person_id: int, place: str) -> None:
    """Forget it: it was sent, or is not wanted any more."""
    connection.execute(delete(drafts).where(_is(person_id, place)))


def forget_drafts(connection: Connection, *, now: datetime) -> int:
    """Drop what has become too old. Returns how many."""
    statement = delete(drafts).where(drafts.c.expires_at <= now)
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def _is(person_id: int, place: str) -> Any:
    return (drafts.c.person_id == person_id) & (drafts.c.place == place)
