"""Which notice an event calls for, written into the outbox in the event's own transaction.

Nothing is rendered here: filing must keep up with several hundred mails a second, and what cannot be rendered
must not stop it. Whether somebody may be answered at all is decided by the caller.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway.db.outbox import NewDelivery, add_delivery
from gateway.db.people import Person
from gateway.db.tickets import Ticket, remember_message_id
from gateway.domain.ticket import Language
from gateway.mail.address import domain_of
from gateway.mail.message_id import make_message_id
from gateway.mail.references import build_references, is_sound_id
from gateway.notify.address import wire_address
from gateway.notify.notices import Notice
from gateway.runtime import Runtime


def acknowledge(
    connection: Connection,
    *,
    runtime: Runtime,
    ticket: Ticket,
    person: Person,
    recipient: str,
    entry_id: int,
    in_reply_to: str | None,
    reference_ids: Sequence[str],
    lang: Language,
    now: datetime,
    echo_subject: bool = False,
) -> int:
    """Tell `person` that their mail has become `ticket`; returns the id of the outbox row.

    `recipient` is where their answers go: their own address, or the Reply-To of a proved sender. `in_reply_to` is
    the Message-ID of what they wrote, None where it had none; `reference_ids` are the ids that it named in turn,
    oldest first.

    `echo_subject` is for a sender who has proved to be who they say: the notice then answers under their subject,
    which some mail programs want before they thread it. For everybody else it holds nothing that they wrote: an
    acknowledgement to a forged sender must not carry the forger's words to a stranger.
    """
    message_id = make_message_id(
        domain_of(wire_address(runtime.project(ticket.project).address)),
        runtime.signer,
        ticket_id=ticket.id,
        person_id=person.id,
        today=now.date(),
    )
    delivery_id = add_delivery(
        connection,
        NewDelivery(
            notice=Notice.ACKNOWLEDGEMENT,
            project=ticket.project,
            ticket_id=ticket.id,
            entry_id=entry_id,
            person_id=person.id,
            recipient=recipient,
            lang=lang,
            message_id=message_id,
            in_reply_to=in_reply_to if in_reply_to and is_sound_id(in_reply_to) else None,
            reference_ids=build_references(reference_ids, in_reply_to),
            context={"ref": ticket.ref} | ({"subject": ticket.subject} if echo_subject else {}),
            created_at=now,
        ),
    )
    remember_message_id(connection, message_id, ticket_id=ticket.id, entry_id=entry_id, ours=True)
    return delivery_id
