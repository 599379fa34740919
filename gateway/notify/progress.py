"""Telling a reporter what an agent did: an answer, or changes, or both in one mail.

An answer carries a person's words in full and, below them, the last message that it answers. It is a letter, not an
automatic mail, and does not say that it is one; a mail about changes alone is automatic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.db.outbox import Delivery, NewDelivery, add_delivery, deliveries
from gateway.db.people import Person
from gateway.db.tickets import Ticket, entries, remember_message_id
from gateway.domain.ticket import Direction, Language
from gateway.mail.address import domain_of
from gateway.mail.message_id import make_message_id
from gateway.mail.references import build_references, is_sound_id
from gateway.notify.address import wire_address
from gateway.notify.notices import Notice
from gateway.notify.wording import Told, say_when, sentences
from gateway.runtime import Runtime

_QUOTED = 4000  # characters of the message that is answered; the status page has the rest


@dataclass(frozen=True, kw_only=True)
class Parent:
    """What a mail about a ticket answers: Message-ID and References (without brackets), and the words to quote."""

    message_id: str | None = None
    reference_ids: tuple[str, ...] = ()
    text: str = ""
    at: datetime | None = None


def find_parent(connection: Connection, ticket: Ticket) -> Parent:
    """What the next mail to the reporter hangs under.

    The last message of the ticket's thread, theirs or ours; where nobody wrote by mail, the last mail that we sent. To
    be quoted is always the last thing that came in.
    """
    visible = (
        select(entries)
        .where(entries.c.ticket_id == ticket.id, entries.c.visible, entries.c.type == "message")
        .order_by(entries.c.at.desc(), entries.c.id.desc())
    )
    said = connection.execute(visible.where(entries.c.direction == Direction.IN).limit(1)).one_or_none()
    thread = connection.execute(visible.where(entries.c.message_id.is_not(None)).limit(1)).one_or_none()
    message_id, references = _thread(connection, ticket, thread)
    return Parent(
        message_id=message_id,
        reference_ids=build_references(references, message_id),
        text="" if said is None else said.text[:_QUOTED],
        at=None if said is None else said.at,
    )


def tell_progress(
    connection: Connection,
    *,
    runtime: Runtime,
    ticket: Ticket,
    person: Person,
    entry_id: int,
    parent: Parent,
    text: str,
    changes: Sequence[Told],
    now: datetime,
) -> str:
    """Write the mail to the ticket's reporter into the outbox and return its Message-ID.

    `text` is what an agent wrote to them, empty where only things changed.
    """
    domain = domain_of(wire_address(runtime.project(ticket.project).address))
    message_id = make_message_id(domain, runtime.signer, ticket_id=ticket.id, person_id=person.id, today=now.date())
    quote = {} if parent.at is None or not text else {"quote": parent.text, "quote_at": parent.at.isoformat()}
    context = {"ref": ticket.ref, "subject": ticket.subject, "text": text, "changes": [dict(one) for one in changes]}
    add_delivery(
        connection,
        NewDelivery(
            notice=Notice.PROGRESS,
            project=ticket.project,
            ticket_id=ticket.id,
            entry_id=entry_id,
            person_id=person.id,
            recipient=person.email,
            lang=person.lang or ticket.lang,
            message_id=message_id,
            in_reply_to=parent.message_id,
            reference_ids=parent.reference_ids,
            context=context | quote,
            created_at=now,
        ),
    )
    remember_message_id(connection, message_id, ticket_id=ticket.id, entry_id=entry_id, ours=True)
    return message_id


def progress_values(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    """What the template needs."""
    context, lang = delivery.context, Language(delivery.lang)
    zone = runtime.project(delivery.project).calendar.zone_info
    when = context.get("quote_at")
    return {
        "ref": context["ref"],
        "url": f"{runtime.settings.http.base_url}/tickets/{context['ref']}",
        "text": context["text"],
        "lines": sentences(context["changes"], lang=lang, zone=zone),
        "quote": context.get("quote", "").splitlines(),
        "quote_at": say_when(datetime.fromisoformat(when), lang=lang, zone=zone) if when else "",
    }


def is_a_letter(delivery: Delivery) -> bool:
    """True for a mail that a person wrote; every other one says that it is automatic (RFC 3834 section 5)."""
    return delivery.notice == Notice.PROGRESS and bool(delivery.context["text"])


def _thread(connection: Connection, ticket: Ticket, last: Row[Any] | None) -> tuple[str | None, Sequence[str]]:
    if last is not None and is_sound_id(last.message_id):
        return last.message_id, last.reference_ids
    query = (
        select(deliveries.c.message_id, deliveries.c.reference_ids)
        .where(deliveries.c.ticket_id == ticket.id, deliveries.c.person_id == ticket.reporter_id)
        .order_by(deliveries.c.id.desc())
        .limit(1)
    )
    sent = connection.execute(query).one_or_none()
    return (None, ()) if sent is None else (sent.message_id, sent.reference_ids)
