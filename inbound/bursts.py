"""Many mails of one address within a minute: a monitor gone wild, a loop, an attack. They become few tickets."""

from collections.abc import Sequence

from sqlalchemy import Connection

from gateway.db.receipts import Verdict
from gateway.db.ticket_facts import BurstRules, burst_ticket, is_begun_with_proof
from gateway.domain.joining import BURST
from gateway.mail.parsed import Mailbox
from gateway.runtime import Runtime
from gateway.services.mail_item import Decision, MailItem

REASON = "one of many within a minute"


def burst_rules(runtime: Runtime) -> BurstRules:
    """How many tickets an address may begin."""
    intake = runtime.settings.intake
    return BurstRules(most=intake.new_tickets_per_minute, most_alike=intake.alike_tickets_per_minute)


def join_burst(
    connection: Connection, runtime: Runtime, item: MailItem, sender: Mailbox, *, flags: Sequence[str]
) -> Decision | None:
    """The decision for a mail whose sender has just begun too many tickets; None where it may begin another.

    Onto a ticket that its sender proved to be theirs comes nothing without proof, it is held: else whoever forges
    that sender gets onto it by writing often.
    """
    first = burst_ticket(
        connection,
        reporter=sender.address,
        project=item.project.key,
        subject=item.message.subject,
        now=item.envelope.received_at,
        rules=burst_rules(runtime),
    )
    if first is None:
        return None
    if not item.authentication.is_aligned_pass and is_begun_with_proof(connection, first):
        item.trace.note("burst", "held", "its ticket was begun by a proved sender, and nothing proves this one")
        return Decision(verdict=Verdict.HELD, reason=f"{REASON}, and nothing proves that its sender is the same")
    item.trace.note("burst", "joins", "its sender has begun too many tickets within a minute")
    return Decision(
        verdict=Verdict.FILED,
        reason=REASON,
        sender=sender,
        ticket_id=first,
        match_rule=BURST,
        silence=REASON,
        flags=(*flags, BURST),
    )
