"""The timeline entry of a mail, and the people that it brings onto the ticket."""

from typing import Any

from sqlalchemy import Connection

from gateway.db.participants import add_participant, count_participants, find_participants
from gateway.db.people import Person, get_or_create_person
from gateway.db.tickets import Attachment, NewEntry, Ticket, add_entry
from gateway.domain.ticket import Direction, EntryType
from gateway.domain.trace import Said
from gateway.mail.authentication import NO_AUTHENTICATION
from gateway.runtime import Runtime
from gateway.services.mail_item import Decision, MailItem, Retold

MAX_ADDRESSED = 50  # people that a later mail with this one's id is believed from


def write_mail_entry(
    connection: Connection, item: MailItem, decision: Decision, *, ticket: Ticket, author: Person
) -> int:
    """Write the entry with its files; returns its id."""
    message = item.message
    return add_entry(
        connection,
        ticket.id,
        NewEntry(
            at=item.envelope.received_at,
            type=EntryType.MESSAGE,
            direction=Direction.IN,
            channel=item.envelope.channel,
            author_id=author.id,
            author=author.email,
            text=decision.retold.text if decision.retold else item.text,
            removed_text="" if decision.retold else item.removed_text,
            message_id=message.message_id,
            in_reply_to=message.in_reply_to[0] if message.in_reply_to else None,
            reference_ids=message.references,
            match=decision.match_rule,
            visible=decision.visible,
            raw_sha256=item.entry.sha256,
            data=_entry_data(item, decision, ticket),
        ),
        mail_files(item),
        moves=ticket.updated_at != item.envelope.received_at,
    )


def mail_files(item: MailItem) -> list[Attachment]:
    """The files of a mail that are kept."""
    return [
        Attachment(position=file.position, name=file.name, type=file.type, size=file.size, sha256=file.sha256)
        for file in item.message.files
        if file.position not in item.refused_files
    ]


def write_comment(connection: Connection, item: MailItem, retold: Retold, *, ticket: Ticket) -> None:
    """What an agent wrote above the mail that they forwarded: a note for agents."""
    if not retold.comment.strip():
        return
    agent = get_or_create_person(
        connection, email=retold.by.address, name=retold.by.name, now=item.envelope.received_at
    )
    note = NewEntry(
        at=item.envelope.received_at,
        type=EntryType.NOTE,
        direction=Direction.INTERNAL,
        channel=item.envelope.channel,
        author_id=agent.id,
        author=agent.email,
        text=retold.comment,
        visible=False,
        raw_sha256=item.entry.sha256,
        data={"spool_id": item.entry.id},
    )
    add_entry(connection, ticket.id, note)


def add_copied_people(
    connection: Connection, runtime: Runtime, item: MailItem, decision: Decision, *, ticket: Ticket, author: Person
) -> None:
    """Put the author and those in copy onto the ticket, up to the limit. They get only what is mailed to them."""
    # In one order whatever the mail's, so that two mails with the same people never wait for each other.
    copies = sorted((one for one in decision.copies if one.address != ticket.reporter), key=lambda one: one.address)
    if not copies:
        return
    now = item.envelope.received_at
    free = runtime.settings.intake.max_participants - count_participants(connection, ticket.id)
    known = find_participants(connection, ticket.id)
    for mailbox in copies:
        if free <= 0:
            item.trace.note(
                "participants", "limit reached", Said("{count} at most", count=runtime.settings.intake.max_participants)
            )
            return
        if mailbox.address in known:
            continue
        person = (
            author
            if mailbox.address == author.email
            else get_or_create_person(connection, email=mailbox.address, name=mailbox.name, now=now)
        )
        free -= add_participant(connection, ticket_id=ticket.id, person_id=person.id, now=now)
        known.add(mailbox.address)


def _entry_data(item: MailItem, decision: Decision, ticket: Ticket) -> dict[str, Any]:
    message = item.message
    found: dict[str, Any] = {
        "defects": list(message.defects),
        "notes": list(item.notes),
        "refused_files": [
            {"name": file.name, "reason": item.refused_files[file.position]}
            for file in message.files
            if file.position in item.refused_files
        ],
        "reply_to": [mailbox.address for mailbox in message.reply_to],
        "addressed": [mailbox.address for mailbox in message.recipients][:MAX_ADDRESSED],
        "subject": message.subject if message.subject != ticket.subject else "",
        # Who forwarded a mail, and what they wrote above it, is not for its reporter.
        "has_layout": bool(message.html) and decision.retold is None,
        "related": list(decision.related),
        "flags": list(decision.flags),
        "forwarded_by": decision.retold.by.address if decision.retold else None,
        "authentication": None if item.authentication == NO_AUTHENTICATION else item.authentication.as_json(),
    }
    kept = {key: value for key, value in found.items() if value}
    return {"spool_id": item.entry.id, "acknowledgement": decision.silence or "sent"} | kept
