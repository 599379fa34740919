"""The outbox row of a mail about a ticket: the one place that makes it, whoever is told and of what.

Nothing is rendered here: filing must keep up with several hundred mails a second, and what cannot be rendered must not
stop it. Whether somebody is told at all is decided by `domain.telling`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.db.outbox import NewDelivery, add_delivery
from gateway.db.people import Person
from gateway.db.tickets import Ticket, remember_message_id
from gateway.domain.ticket import Language
from gateway.mail.address import domain_of
from gateway.mail.message_id import make_message_id
from gateway.notify.address import wire_address
from gateway.notify.notices import Notice
from gateway.notify.thread import Parent
from gateway.runtime import Runtime


def write_ticket_mail(
    connection: Connection,
    runtime: Runtime,
    notice: Notice,
    *,
    ticket: Ticket,
    person: Person,
    entry_id: int,
    parent: Parent,
    context: Mapping[str, Any],
    now: datetime,
    recipient: str | None = None,
    lang: Language | None = None,
) -> str:
    """Write a mail about `ticket` to `person` into the outbox, in the transaction of what it tells.

    Returns its Message-ID without brackets.

    `entry_id` is the timeline entry that it goes with, by which an answer to it finds the ticket. `recipient` is where
    their answers go, where that is not their own address; `lang` is for a mail that does not follow their setting.
    """
    message_id = make_message_id(
        domain_of(wire_address(runtime.project(ticket.project).address)),
        runtime.signer,
        ticket_id=ticket.id,
        person_id=person.id,
        today=now.date(),
    )
    add_delivery(
        connection,
        NewDelivery(
            notice=notice,
            project=ticket.project,
            ticket_id=ticket.id,
            entry_id=entry_id,
            person_id=person.id,
            recipient=recipient or person.email,
            lang=lang or person.lang or ticket.lang,
            message_id=message_id,
            in_reply_to=parent.message_id,
            reference_ids=parent.reference_ids,
            context={"ref": ticket.ref} | dict(context),
            created_at=now,
        ),
    )
    remember_message_id(connection, message_id, ticket_id=ticket.id, entry_id=entry_id, ours=True)
    return message_id
