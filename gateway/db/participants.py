"""Who is on a ticket, and by which ids their mail finds it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, ForeignKey, Table, exists, func, or_, select, union, update

from gateway.db.people import people
from gateway.db.tickets import entries, message_ids, tickets
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates
from gateway.domain.joining import BURST

participants = Table(
    "participants",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True, index=True),
    Column("added_at", UtcDateTime, nullable=False),
    Column("muted", Boolean, nullable=False),
    Column("removed_at", UtcDateTime),  # kept, so that nobody's reply to all brings them back
)

IS_ON = participants.c.removed_at.is_(None)


@dataclass(frozen=True, kw_only=True)
class KnownId:
    """A Message-ID that a ticket knows. `ours` is what we sent; `internal` what the reporter must not see.

    `addressed` are the people that the mail with this id was written to, nobody where it came here by a mere burst.
    """

    ticket_id: int
    ours: bool
    internal: bool
    addressed: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Presence:
    """Where a ticket belongs, and whether a certain person is on it, or was and has been taken off. `person_id` is None
    for nobody we know."""

    project: str
    is_on_it: bool
    is_taken_off: bool
    person_id: int | None


def find_presences(connection: Connection, ticket_ids: Collection[int], *, email: str) -> dict[int, Presence]:
    """Of these tickets those that there are, and whether the person with this address is on them: one query."""
    if not ticket_ids:
        return {}
    person = select(people.c.id).where(people.c.email == email).scalar_subquery()
    theirs = (participants.c.ticket_id == tickets.c.id) & (participants.c.person_id == person)
    is_on_it = or_(tickets.c.reporter_id == person, exists().where(theirs, IS_ON))
    is_taken_off = exists().where(theirs, ~IS_ON)
    query = select(tickets.c.id, tickets.c.project, is_on_it, is_taken_off, person).where(tickets.c.id.in_(ticket_ids))
    rows = connection.execute(query)
    return {
        ident: Presence(
            project=project, is_on_it=bool(is_on), is_taken_off=bool(was_on and not is_on), person_id=person_id
        )
        for ident, project, is_on, was_on, person_id in rows
    }


def find_participants(connection: Connection, ticket_id: int) -> set[str]:
    """The addresses of those who are on a ticket: its reporter, and who was copied or added."""
    reporter = (
        select(people.c.email).join(tickets, tickets.c.reporter_id == people.c.id).where(tickets.c.id == ticket_id)
    )
    others = (
        select(people.c.email)
        .join(participants, participants.c.person_id == people.c.id)
        .where(participants.c.ticket_id == ticket_id, IS_ON)
    )
    return set(connection.execute(union(reporter, others)).scalars())


def count_participants(connection: Connection, ticket_id: int) -> int:
    """How many people are on a ticket beside its reporter."""
    query = select(func.count()).select_from(participants).where(participants.c.ticket_id == ticket_id, IS_ON)
    return int(connection.execute(query).scalar_one())


def add_participant(connection: Connection, *, ticket_id: int, person_id: int, now: datetime) -> bool:
    """Put a person on a ticket because they were copied. False where they are on it already, or were removed."""
    return insert_ignoring_duplicates(
        connection, participants, ticket_id=ticket_id, person_id=person_id, added_at=now, muted=False
    )


def find_muted(connection: Connection, ticket_id: int) -> set[int]:
    """The ids of those who asked to be left out of a ticket."""
    query = select(participants.c.person_id).where(participants.c.ticket_id == ticket_id, participants.c.muted)
    return set(connection.execute(query).scalars())


def mute_participant(connection: Connection, *, ticket_id: int, person_id: int) -> bool:
    """Leave a person out of a ticket from now on. False where they are not on it, or were left out before."""
    mine = (participants.c.ticket_id == ticket_id) & (participants.c.person_id == person_id) & ~participants.c.muted
    statement = update(participants).where(mine).values(muted=True)
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def find_known_ids(connection: Connection, idents: Sequence[str]) -> dict[str, list[KnownId]]:
    """Which tickets know these Message-IDs, ours or others'."""
    found: dict[str, list[KnownId]] = {}
    if not idents:
        return found
    query = (
        select(message_ids, entries.c.visible, entries.c.match, entries.c.data)
        .join(entries, entries.c.id == message_ids.c.entry_id)
        .where(message_ids.c.message_id.in_(idents))
    )
    for row in connection.execute(query):
        known = KnownId(
            ticket_id=row.ticket_id,
            ours=row.ours,
            internal=not row.visible,
            addressed=frozenset(() if row.match == BURST else row.data.get("addressed", ())),
        )
        found.setdefault(row.message_id, []).append(known)
    return found
