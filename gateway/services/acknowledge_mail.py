"""Telling a reporter that their mail has become a ticket, within the caps on automatic answers."""

from sqlalchemy import Connection

from gateway.db.daily_counts import count_once, read_counts
from gateway.db.people import Person
from gateway.db.tickets import Ticket
from gateway.domain.ticket import Language
from gateway.mail.address import domain_of, mailbox_key
from gateway.notify.policy import acknowledge
from gateway.runtime import Runtime
from gateway.services.mail_item import Decision, MailItem


def cap_reached(connection: Connection, runtime: Runtime, item: MailItem, *, recipient: str) -> str:
    """Which cap forbids one more acknowledgement to this address today (UTC); "" where none does."""
    caps = _caps(runtime, recipient)
    counts = read_counts(connection, list(caps), day=runtime.clock.now().date())
    for scope, cap in caps.items():
        kind = scope.partition(":")[0]
        reached = counts[scope] >= cap
        item.trace.note(f"cap {kind}", "reached" if reached else "below", f"{counts[scope]} of {cap} today")
        if reached:
            return f"{counts[scope]} acknowledgements {_SAYING[kind]} today"
    return ""


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
    now = runtime.clock.now()
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
        now=now,
        echo_subject=decision.echo_subject,
    )
    count_once(connection, list(_caps(runtime, decision.answer_to)), day=now.date())


_SAYING = {"address": "to this address", "domain": "to this domain", "all": "in all"}


def _caps(runtime: Runtime, recipient: str) -> dict[str, int]:
    mail = runtime.settings.mail
    return {
        f"address:{mailbox_key(recipient)}": mail.acknowledgements_per_day,
        f"domain:{domain_of(recipient)}": mail.acknowledgements_per_domain,
        "all": mail.acknowledgements_in_all,
    }
