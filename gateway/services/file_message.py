"""Writing a decided mail down: its ticket, its entry, the acknowledgement and the receipt.

Everything here happens in the caller's one transaction. Deciding is done before (`inbound.deciding`); this
module knows no mail syntax.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from gateway.db.people import Person, get_or_create_person
from gateway.db.receipts import Receipt, Verdict, add_receipt
from gateway.db.suppressions import lift
from gateway.db.tickets import Ticket, create_ticket, find_ticket
from gateway.domain.joining import Joining
from gateway.domain.ticket import Language
from gateway.mail.language import detect_language
from gateway.runtime import Runtime
from gateway.services.acknowledge_mail import acknowledge_mail
from gateway.services.agent_mail import act_by_mail
from gateway.services.answer_caps import cap_reached
from gateway.services.enter_by_mail import enter_by_mail
from gateway.services.mail_item import Decision, MailItem
from gateway.services.wake_ticket import wake_ticket
from gateway.services.write_mail_entry import add_copied_people, write_comment, write_mail_entry


@dataclass(frozen=True, kw_only=True)
class Filed:
    """Where a mail is now."""

    ticket: Ticket
    entry_id: int


def file_message(connection: Connection, runtime: Runtime, item: MailItem, decision: Decision) -> Verdict:
    """Write the mail down as decided, with its receipt. Returns the verdict.

    Raises IntegrityError where another worker files the same mail at this moment; the next try finds its receipt.
    """
    filed = write_mail(connection, runtime, item, decision) if decision.verdict is Verdict.FILED else None
    add_receipt(
        connection,
        Receipt(
            spool_id=item.entry.id,
            lane=item.entry.lane,
            project=item.project.key,
            # What was ignored must not stand in the way of the same mail by a way that left it unmarked.
            fingerprint=None if decision.verdict is Verdict.IGNORED else item.fingerprint,
            message_id=item.message.message_id,
            sha256=item.entry.sha256,
            verdict=decision.verdict,
            reason=decision.reason,
            ticket_id=filed.ticket.id if filed else None,
            entry_id=filed.entry_id if filed else None,
            trace=item.trace.as_json(),
            envelope=item.envelope.to_json(),
            accepted_at=item.entry.accepted_at,
            filed_at=runtime.clock.now(),
        ),
    )
    return decision.verdict


def write_mail(connection: Connection, runtime: Runtime, item: MailItem, decision: Decision) -> Filed:
    """The mail on its ticket or on a new one, with all that follows from it."""
    assert decision.sender is not None, "a mail without a sender is held"
    now = item.envelope.received_at
    author = get_or_create_person(connection, email=decision.sender.address, name=decision.sender.name, now=now)
    if item.authentication.is_aligned_pass and [one.address for one in item.message.senders] == [author.email]:
        # Who writes to us can be written to again; whose mail somebody else hands in has not written.
        lift(connection, author.email)
    ticket = None if decision.ticket_id is None else find_ticket(connection, ticket_id=decision.ticket_id)
    if ticket is None:
        words = decision.retold.text if decision.retold else item.text
        lang = author.lang or detect_language(f"{item.message.subject}\n{words}") or item.project.language
        return _open_ticket(connection, runtime, item, decision, author=author, lang=lang)
    if decision.order is not None:
        entry_id = act_by_mail(connection, runtime, item, decision, ticket=ticket, agent=author)
        return Filed(ticket=ticket, entry_id=entry_id)
    item.trace.note("acknowledgement", "none", decision.silence or "a reply is not acknowledged")
    silent = replace(decision, silence=decision.silence or "a reply is not acknowledged")
    entry_id = write_mail_entry(connection, item, silent, ticket=ticket, author=author)
    if decision.joining in {Joining.REOPEN, Joining.RESUME}:
        wake_ticket(connection, ticket, joining=decision.joining, author=author.email, now=now)
    add_copied_people(connection, runtime, item, decision, ticket=ticket, author=author)
    return Filed(ticket=ticket, entry_id=entry_id)


def _open_ticket(
    connection: Connection, runtime: Runtime, item: MailItem, decision: Decision, *, author: Person, lang: Language
) -> Filed:
    ticket = create_ticket(
        connection,
        project=item.project.key,
        subject=decision.retold.subject if decision.retold else item.message.subject,
        lang=lang,
        reporter_id=author.id,
        now=item.envelope.received_at,
        follows_id=decision.follows_id,
    )
    silence = decision.silence or cap_reached(connection, runtime, item.trace, recipient=decision.answer_to)
    item.trace.note("acknowledgement", "none" if silence else "sent", silence)
    entry_id = write_mail_entry(connection, item, replace(decision, silence=silence), ticket=ticket, author=author)
    if not silence:
        acknowledge_mail(
            connection, runtime, item, decision, ticket=ticket, person=author, entry_id=entry_id, lang=lang
        )
    add_copied_people(connection, runtime, item, decision, ticket=ticket, author=author)
    if decision.retold is not None:
        write_comment(connection, item, decision.retold, ticket=ticket)
    return Filed(ticket=enter_by_mail(connection, item, decision, ticket=ticket), entry_id=entry_id)
