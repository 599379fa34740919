"""Tickets, their timelines, and the Message-IDs by which mail finds them."""

from collections.abc import Iterable, Sequence
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
    bindparam,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from gateway.db.people import people
from gateway.db.ticket_numbers import next_number
from gateway.db.together import Question, ask
from gateway.db.together import Row as Found
from gateway.db.types import Json, UtcDateTime, metadata
from gateway.db.upsert import insert_later
from gateway.db.webhooks import has_hooks, note_facts
from gateway.domain.hooks import HookEvent, HookFact, entry_fact
from gateway.domain.ticket import Channel, Direction, EntryType, Kind, Language, Level, Status, make_reference

tickets = Table(
    "tickets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ref", String(24), nullable=False, unique=True),
    Column("project", String(10), nullable=False),
    Column("subject", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("severity", String(8)),
    Column("status", String(8), nullable=False),
    Column("level", String(2), nullable=False),
    Column("lang", String(2), nullable=False),
    Column("reporter_id", ForeignKey("people.id"), nullable=False),
    Column("assignee_id", ForeignKey("people.id")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("merged_into_id", ForeignKey("tickets.id"), index=True),
    Column("follows_id", ForeignKey("tickets.id")),
    Column("due_at", UtcDateTime, nullable=False, server_default="9999-01-01 00:00:00.000000"),
    Index("ix_tickets_reporter_id_created_at", "reporter_id", "created_at"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("type", String(8), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("channel", String(8)),
    Column("author_id", ForeignKey("people.id")),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("removed_text", Text, nullable=False),
    Column("message_id", Text),
    Column("in_reply_to", Text),
    Column("reference_ids", Json, nullable=False),
    Column("match", String(40)),
    Column("visible", Boolean, nullable=False),
    Column("raw_sha256", String(64)),
    Column("data", Json, nullable=False),
    # True until the timetable has looked at whom it is to be told; filing looks at nobody.
    Column("to_tell", Boolean),
)
Index("ix_entries_to_tell", entries.c.id, sqlite_where=text("to_tell"), postgresql_where=text("to_tell"))

attachments = Table(
    "attachments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", ForeignKey("entries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
)

message_ids = Table(
    "message_ids",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("entry_id", ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    Column("ours", Boolean, nullable=False),
    Index("ix_message_ids_ticket_id", "ticket_id"),
)


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket as it stands.

    `merged_into_id` is the ticket that took this one over; `follows_id` the earlier one that it takes up again.
    """

    id: int
    ref: str
    project: str
    subject: str
    kind: str
    severity: str | None
    status: str
    level: str
    lang: Language
    reporter_id: int
    reporter: str
    assignee_id: int | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    merged_into_id: int | None
    follows_id: int | None
    entries: int


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """A timeline entry to write. `visible` says whether the reporter sees it."""

    at: datetime
    type: EntryType
    direction: Direction
    author: str
    text: str
    visible: bool
    channel: Channel | None = None
    author_id: int | None = None
    removed_text: str = ""
    message_id: str | None = None
    in_reply_to: str | None = None
    reference_ids: Sequence[str] = ()
    match: str | None = None
    raw_sha256: str | None = None
    data: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file of an entry: where it is in the raw mail, and what it claims to be. `name` is never a path."""

    position: int
    name: str
    type: str
    size: int
    sha256: str


# Built once: filing writes each thousands of times a minute, and building a statement costs more than running it.
_INSERT_ENTRY = insert(entries).returning(entries.c.id)
_INSERT_TICKET = insert(tickets).returning(
    *tickets.c,
    select(people.c.email).where(people.c.id == bindparam("whose")).scalar_subquery().label("reporter"),
    literal(0).label("entries"),
)

_INSERT_FILES = insert(attachments)
_MOVE = update(tickets).where(tickets.c.id == bindparam("ticket")).values(updated_at=bindparam("at"))


def create_ticket(
    connection: Connection,
    *,
    project: str,
    subject: str,
    lang: Language,
    reporter_id: int,
    now: datetime,
    follows_id: int | None = None,
) -> Ticket:
    """A new ticket of the project, at N1, as a request for help until somebody says otherwise."""
    number = next_number(connection, project)
    values = {
        "ref": make_reference(project, number),
        "project": project,
        "subject": subject,
        "kind": Kind.ASSISTANCE,
        "status": Status.NEW,
        "level": Level.N1,
        "lang": lang,
        "reporter_id": reporter_id,
        "follows_id": follows_id,
        "created_at": now,
        "updated_at": now,
    }
    created = _ticket(ask(connection, Question(_INSERT_TICKET, values | {"whose": reporter_id}))[0])
    note_facts(connection, created.id, [HookFact(event=HookEvent.TICKET_CREATED, at=now)], project=project)
    return created


def find_ticket(connection: Connection, *, ticket_id: int | None = None, ref: str | None = None) -> Ticket | None:
    """The ticket with this id or reference."""
    condition = tickets.c.id == ticket_id if ticket_id is not None else tickets.c.ref == ref
    row = connection.execute(select_tickets().where(condition)).one_or_none()
    return None if row is None else ticket_of(row)


def list_tickets(connection: Connection, *, reporter_id: int | None = None, limit: int | None = None) -> list[Ticket]:
    """Tickets, the one that moved last first; of one reporter, or all."""
    query = select_tickets().order_by(tickets.c.updated_at.desc(), tickets.c.id.desc()).limit(limit)
    if reporter_id is not None:
        query = query.where(tickets.c.reporter_id == reporter_id)
    return [ticket_of(row) for row in connection.execute(query)]


def add_entry(
    connection: Connection, ticket_id: int, entry: NewEntry, files: Iterable[Attachment] = (), *, moves: bool = True
) -> int:
    """Write a timeline entry with its files, and return its id.

    It moves the ticket's `updated_at`, unless the ticket is known to stand there already.
    """
    values = vars(entry) | {
        "ticket_id": ticket_id,
        "reference_ids": list(entry.reference_ids),
        "data": entry.data or {},
        "to_tell": None if entry.type is EntryType.NOTE or entry.direction is Direction.OUT else True,
    }
    entry_id: int = ask(connection, Question(_INSERT_ENTRY, values))[0]["id"]
    rows = [vars(file) | {"entry_id": entry_id} for file in files]
    if rows:
        connection.execute(_INSERT_FILES, rows)
    if entry.message_id:
        remember_message_id(connection, entry.message_id, ticket_id=ticket_id, entry_id=entry_id, ours=False)
    if moves:
        connection.execute(_MOVE, {"ticket": ticket_id, "at": entry.at})
    if has_hooks(connection):
        fact = entry_fact(entry_id, at=entry.at, is_call=entry.type is EntryType.CALL, is_visible=entry.visible)
        note_facts(connection, ticket_id, [fact], project=project_of(connection, ticket_id))
    return entry_id


def project_of(connection: Connection, ticket_id: int) -> str:
    """The key of a ticket's project."""
    return str(connection.execute(select(tickets.c.project).where(tickets.c.id == ticket_id)).scalar_one())


def remember_message_id(connection: Connection, message_id: str, *, ticket_id: int, entry_id: int, ours: bool) -> None:
    """Let mail that names this id find the ticket."""
    insert_later(connection, message_ids, message_id=message_id, ticket_id=ticket_id, entry_id=entry_id, ours=ours)


def list_entries(connection: Connection, ticket_id: int, *, visible_only: bool = False) -> list[Row[Any]]:
    """The timeline, oldest first, as rows of `entries`."""
    query = select(entries).where(entries.c.ticket_id == ticket_id).order_by(entries.c.at, entries.c.id)
    if visible_only:
        query = query.where(entries.c.visible)
    return list(connection.execute(query))


def list_attachments(connection: Connection, ticket_id: int) -> dict[int, list[Row[Any]]]:
    """The files of a ticket's entries, by entry id, as rows of `attachments`."""
    query = (
        select(attachments)
        .join(entries, entries.c.id == attachments.c.entry_id)
        .where(entries.c.ticket_id == ticket_id)
        .order_by(attachments.c.entry_id, attachments.c.position)
    )
    found: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.entry_id, []).append(row)
    return found


def select_tickets() -> Any:
    """A query for the rows that `ticket_of` reads."""
    counted = select(func.count()).select_from(entries).where(entries.c.ticket_id == tickets.c.id).scalar_subquery()
    return select(tickets, people.c.email.label("reporter"), counted.label("entries")).join(
        people, people.c.id == tickets.c.reporter_id
    )


def ticket_of(row: Row[Any]) -> Ticket:
    """The ticket of a row."""
    return _ticket(row._mapping)


def _ticket(values: Found) -> Ticket:
    known = {name: values[name] for name in Ticket.__dataclass_fields__}
    return Ticket(**{**known, "lang": Language(known["lang"])})
