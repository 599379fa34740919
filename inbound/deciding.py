"""What is to become of a mail in one project: the rules asked in order, with the facts that each of them needs.

Screening first (is it mail about mail, is there one sender, is it wanted?), then who the sender is to the project,
then which ticket it belongs to, then what it does to that ticket. Reads the database, writes nothing.
"""

from sqlalchemy import Connection

from gateway.db.receipts import Verdict, is_seen
from gateway.mail.address import domain_of
from gateway.mail.message_id import read_own
from gateway.runtime import Runtime
from gateway.services.mail_item import Decision, Forwarded, MailItem, Retold
from inbound.admission import refuse_admission
from inbound.bursts import join_burst
from inbound.joins import Elsewhere, join
from inbound.lookup import look_up
from inbound.matching import Matching
from inbound.screening import Screening, is_answer_of_a_machine, screen
from inbound.sender import Sender, answer_to, copies, identify, is_person


def decide(connection: Connection, runtime: Runtime, item: MailItem) -> Decision:
    """The decision, with every step in the item's trace."""
    outcome = screen(
        item.message,
        item.envelope,
        projects=runtime.settings.project_list,
        own_loop_marker=runtime.settings.smtp.hostname,
        is_own_mail=_is_own_mail(runtime, item),
        trace=item.trace,
    )
    if outcome.verdict is not Verdict.FILED or outcome.sender is None:
        return Decision(verdict=outcome.verdict, reason=outcome.reason)
    by_machine = is_answer_of_a_machine(outcome.classification)
    refused = refuse_admission(runtime, item, outcome.sender, answers_as_machine=by_machine)
    if refused is not None:
        return refused
    sender = identify(connection, item, outcome.sender)
    matching = look_up(connection, runtime, item, sender)
    if matching.match is None and by_machine:
        return Decision(verdict=Verdict.IGNORED, reason=f"{outcome.silence}; it answers no ticket")
    flags = _flags(connection, item, sender, matching)
    elsewhere = Elsewhere(related=matching.related)
    if matching.match is not None:
        joined = join(connection, runtime, item, sender, outcome=outcome, match=matching.match, flags=flags)
        if isinstance(joined, Decision):
            return joined
        elsewhere = joined
    return _open(connection, runtime, item, sender, outcome=outcome, elsewhere=elsewhere, flags=flags)


def _is_own_mail(runtime: Runtime, item: MailItem) -> bool:
    today = item.envelope.received_at.date()
    return read_own(item.message.message_id or "", runtime.signer, today=today) is not None


def _flags(connection: Connection, item: MailItem, sender: Sender, matching: Matching) -> tuple[str, ...]:
    flags = []
    if sender.claims_agent and not sender.proved and not (matching.match and matching.match.proves_sender):
        flags.append("agent-not-proved")
    if matching.match is None and matching.related:
        flags.append("names-a-ticket-of-others")
    ident = item.message.message_id
    if ident and is_seen(connection, ident, project=item.project.key):
        flags.append("message-id-seen-before")
        item.trace.note("Message-ID", "seen before", "another mail carried the same one")
    return tuple(flags)


def _open(
    connection: Connection,
    runtime: Runtime,
    item: MailItem,
    sender: Sender,
    *,
    outcome: Screening,
    elsewhere: Elsewhere,
    flags: tuple[str, ...],
) -> Decision:
    """The decision for a mail that begins a ticket, unless its sender has just begun too many."""
    burst = join_burst(connection, runtime, item, sender.mailbox, flags=flags)
    if burst is not None:
        return burst
    forwarded, follows = item.forwarded, elsewhere.follows
    if sender.is_agent and forwarded is not None and is_person(runtime, forwarded.author):
        return _retell(item, sender, forwarded, outcome=outcome, flags=flags)
    address = answer_to(runtime, item, sender)
    return Decision(
        verdict=Verdict.FILED,
        reason="new ticket" if follows is None else f"follows {follows.ref}",
        sender=sender.mailbox,
        roles=sender.roles,
        answer_to=address,
        follows_id=None if follows is None else follows.id,
        related=elsewhere.related,
        copies=copies(runtime, item, sender) if outcome.classification.may_answer else (),
        silence=outcome.silence,
        # A Reply-To to another domain may aim at a victim, who must not be sent a stranger's words.
        echo_subject=sender.proved and domain_of(address) == domain_of(sender.mailbox.address),
        flags=flags,
    )


def _retell(
    item: MailItem, sender: Sender, forwarded: Forwarded, *, outcome: Screening, flags: tuple[str, ...]
) -> Decision:
    """An agent forwards somebody's mail: the ticket is that person's, what the agent added is for agents."""
    item.trace.note("forward", "taken apart", "forwarded by an agent: the ticket is its author's")
    return Decision(
        verdict=Verdict.FILED,
        reason="forwarded by an agent",
        sender=forwarded.author,
        answer_to=forwarded.author.address,
        silence=outcome.silence,
        flags=(*flags, "forwarded-by-agent"),
        retold=Retold(
            subject=forwarded.subject or item.message.subject,
            text=forwarded.text,
            comment=forwarded.comment,
            by=sender.mailbox,
        ),
    )
