"""Old tickets and mails become tickets here, as they were: original dates, authors and Message-IDs, and nobody is told.

Each ticket and each message has a receipt under a fingerprint of its own, so importing twice is importing once, and an
export that has grown brings what is new. A ticket is open, or closed with its date: what waited for an answer years
ago must not be reminded of it now.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, update

from gateway.db.participants import add_participant
from gateway.db.people import get_or_create_person
from gateway.db.receipts import Receipt, Verdict, add_receipt, find_receipt_by_fingerprint
from gateway.db.ticket_events import begin_history
from gateway.db.ticket_status import set_status
from gateway.db.tickets import Attachment, NewEntry, Ticket, add_entry, create_ticket, entries, find_ticket
from gateway.domain.project import Project
from gateway.domain.ticket import Channel, Direction, EntryType, Status
from gateway.errors import Refused
from gateway.ids import new_spool_id
from gateway.mail.address import is_address
from gateway.mail.language import detect_language
from gateway.runtime import Runtime

LANE = "import"
_MAX_SUBJECT = 500  # characters


class BadItem(Refused):
    """An item that cannot be imported. The text says why, in words for whoever made the export."""


@dataclass(frozen=True, kw_only=True)
class OldMessage:
    """A message as it was. `key` is its id where it comes from; `message_id` has no brackets.

    `is_ours` says that it was written to the reporter, `is_internal` that the reporter never saw it. `addressed` are
    the people it was written to. `raw_sha256` is the sum of its raw mail where that is kept.
    """

    key: str
    at: datetime
    email: str
    text: str
    name: str = ""
    removed_text: str = ""
    is_ours: bool = False
    is_internal: bool = False
    message_id: str | None = None
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    addressed: Sequence[str] = ()
    raw_sha256: str | None = None
    files: Sequence[Attachment] = ()


@dataclass(frozen=True, kw_only=True)
class OldTicket:
    """A ticket as it was. `key` is its id where it comes from, `number` what people called it by."""

    key: str
    number: str
    subject: str
    email: str
    created_at: datetime
    closed_at: datetime | None
    name: str = ""
    messages: Sequence[OldMessage] = ()


@dataclass(kw_only=True)
class Tally:
    """What an import did. `faults` holds a sentence for each item that could not be taken."""

    tickets: int = 0
    messages: int = 0
    known: int = 0
    faults: list[str] = field(default_factory=list)


def import_ticket(
    connection: Connection, runtime: Runtime, project: Project, old: OldTicket, *, source: str, tally: Tally
) -> Ticket:
    """Write what of a ticket is not there yet; the ticket. Raises BadItem."""
    mark = fingerprint(source, "ticket", old.key)
    earlier = find_receipt_by_fingerprint(connection, fingerprint=mark, project=project.key)
    ticket = None if earlier is None else find_ticket(connection, ticket_id=earlier.ticket_id)
    if ticket is None:
        ticket = _create(connection, project, old)
        _receive(connection, runtime, ticket, mark=mark, what=f"{source} ticket {old.number}", at=old.created_at)
        tally.tickets += 1
    for message in sorted(old.messages, key=lambda one: (one.at, one.key)):
        import_message(
            connection, runtime, ticket, message, mark=fingerprint(source, "message", message.key), tally=tally
        )
    if old.closed_at is not None and ticket.status != Status.CLOSED and earlier is None:
        set_status(connection, ticket.id, Status.CLOSED, now=old.closed_at)
        closed = find_ticket(connection, ticket_id=ticket.id)
        assert closed is not None, "written in this transaction"
        begin_history(connection, closed)
    return ticket


def import_message(
    connection: Connection, runtime: Runtime, ticket: Ticket, old: OldMessage, *, mark: str, tally: Tally
) -> None:
    """Write a message on its ticket, unless it is there. Raises BadItem."""
    if find_receipt_by_fingerprint(connection, fingerprint=mark, project=ticket.project) is not None:
        tally.known += 1
        return
    if not is_address(old.email):
        raise BadItem(f"message {old.key}: its author {old.email!r} is not a mail address")
    author = get_or_create_person(connection, email=old.email, name=old.name, now=old.at)
    if not (old.is_ours or old.is_internal or author.email == ticket.reporter):
        add_participant(connection, ticket_id=ticket.id, person_id=author.id, now=old.at)
    entry_id = add_entry(connection, ticket.id, _entry(old, author_id=author.id), old.files)
    # Nobody is told of what happened long ago.
    connection.execute(update(entries).where(entries.c.id == entry_id).values(to_tell=None))
    _receive(connection, runtime, ticket, mark=mark, what="imported", at=old.at, message=old, entry_id=entry_id)
    tally.messages += 1


def fingerprint(source: str, kind: str, key: str) -> str:
    """What makes two items of an export one."""
    return sha256(f"import\n{source}\n{kind}\n{key}".encode()).hexdigest()


def _create(connection: Connection, project: Project, old: OldTicket) -> Ticket:
    if not is_address(old.email):
        raise BadItem(f"ticket {old.number}: its reporter {old.email!r} is not a mail address")
    reporter = get_or_create_person(connection, email=old.email, name=old.name, now=old.created_at)
    said = "\n".join([old.subject, *(message.text for message in old.messages[:1])])
    return create_ticket(
        connection,
        project=project.key,
        subject=old.subject[:_MAX_SUBJECT] or f"({old.number})",
        lang=reporter.lang or detect_language(said) or project.language,
        reporter_id=reporter.id,
        now=old.created_at,
    )


def _entry(old: OldMessage, *, author_id: int) -> NewEntry:
    outward = Direction.OUT if old.is_ours else Direction.IN
    return NewEntry(
        at=old.at,
        type=EntryType.NOTE if old.is_internal else EntryType.MESSAGE,
        direction=Direction.INTERNAL if old.is_internal else outward,
        channel=Channel.PIPE,
        author_id=author_id,
        author=old.email,
        text=old.text,
        removed_text=old.removed_text,
        message_id=old.message_id,
        in_reply_to=old.in_reply_to,
        reference_ids=old.references,
        visible=not old.is_internal,
        raw_sha256=old.raw_sha256,
        data={"event": "imported"} | ({"addressed": list(old.addressed)} if old.addressed else {}),
    )


def _receive(
    connection: Connection,
    runtime: Runtime,
    ticket: Ticket,
    *,
    mark: str,
    what: str,
    at: datetime,
    message: OldMessage | None = None,
    entry_id: int | None = None,
) -> None:
    now = runtime.clock.now()
    add_receipt(
        connection,
        Receipt(
            spool_id=new_spool_id(now),
            lane=LANE,
            project=ticket.project,
            fingerprint=mark,
            message_id=None if message is None else message.message_id,
            sha256=(message.raw_sha256 if message is not None else None) or mark,
            verdict=Verdict.FILED,
            reason=what,
            ticket_id=ticket.id,
            entry_id=entry_id,
            trace=[],
            envelope={},
            accepted_at=at,
            filed_at=now,
        ),
    )
