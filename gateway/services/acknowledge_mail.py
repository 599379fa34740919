"""Telling a reporter that their mail has become a ticket."""

from sqlalchemy import Connection

from gateway.db.people import Person
from gateway.db.tickets import Ticket
from gateway.domain.ticket import Language
from gateway.notify.policy import acknowledge
from gateway.runtime import Runtime
from gateway.services.answer_caps import count_answer
from gateway.services.mail_item import Decision, MailItem


def acknowledge_mail(
    connection: Connection,
    runtime: Runtime,
    item: MailItem,
    decision: Decision,
    *,
    ticket: Ticket,
    person: Person,
    entry_id: int,
    lang: Language,
) -> None:
    """Write the acknowledgement into the outbox, and count it."""
    acknowledge(
        connection,
        runtime=runtime,
        ticket=ticket,
        person=person,
        recipient=decision.answer_to,
        entry_id=entry_id,
        # Who wrote a mail that was forwarded to us has never seen the ids of the forwarding one.
        in_reply_to=None if decision.retold else item.message.message_id,
        reference_ids=() if decision.retold else item.message.references,
        lang=lang,
        now=runtime.clock.now(),
        echo_subject=decision.echo_subject,
    )
    count_answer(connection, runtime, recipient=decision.answer_to)
