"""Who is on a ticket, and by which ids their mail finds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, ForeignKey, Table, func, select, union

from gateway.db.people import people
from gateway.db.tickets import entries, message_ids, tickets
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

participants = Table(
    "participants",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True, index=True),
    Column("added_at", UtcDateTime, nullable=False),
    Column("muted", Boolean, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class KnownId:
    """A Message-ID that a ticket knows. `ours` is what we sent; `internal` what the reporter must not see.

    `addressed` are the people that the mail with this id was written to.
    """

    ticket_id: int
    ours: bool
    internal: bool
    addressed: frozenset[str]


def find_participants(connection: Connection, ticket_id: int) -> set[str]:
    """The addresses of those who are on a ticket: its reporter, and who was copied or added."""
    reporter = (
        select(people.c.email).join(tickets, tickets.c.reporter_id == people.c.id).where(tickets.c.id == ticket_id)
    )
    others = (
        select(people.c.email)
        .join(participants, participants.c.person_id == people.c.id)
        .where(participants.c.ticket_id == ticket_id)
    )
    return set(connection.execute(union(reporter, others)).scalars())


def count_participants(connection: Connection, ticket_id: int) -> int:
    """How many people are on a ticket beside its reporter."""
    query = select(func.count()).select_from(participants).where(participants.c.ticket_id == ticket_id)
    return int(connection.execute(query).scalar_one())


def add_participant(connection: Connection, *, ticket_id: int, person_id: int, now: datetime) -> bool:
    """Put a person on a ticket. False where they are on it already."""
    return insert_ignoring_duplicates(
        connection, participants, ticket_id=ticket_id, person_id=person_id, added_at=now, muted=False
    )


def find_known_ids(connection: Connection, idents: Sequence[str]) -> dict[str, list[KnownId]]:
    """Which tickets know these Message-IDs, ours or others'."""
    found: dict[str, list[KnownId]] = {}
    if not idents:
        return found
    query = (
        select(message_ids, entries.c.visible, entries.c.data)
        .join(entries, entries.c.id == message_ids.c.entry_id)
        .where(message_ids.c.message_id.in_(idents))
    )
    for row in connection.execute(query):
        known = KnownId(
            ticket_id=row.ticket_id,
            ours=row.ours,
            internal=not row.visible,
            addressed=frozenset(row.data.get("addressed", ())),
        )
        found.setdefault(row.message_id, []).append(known)
    return found
