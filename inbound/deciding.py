"""What is to become of a mail in one project: the rules asked in order, with the facts that each of them needs.

Screening first (is it mail about mail, is there one sender, is it wanted?), then who the sender is to the project,
then which ticket it belongs to, then what it does to that ticket. Reads the database, writes nothing.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from gateway.db.participants import Presence, find_known_ids, find_presences
from gateway.db.receipts import Verdict, is_seen
from gateway.db.ticket_facts import count_reopenings, follow_merges
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.joining import Arrival, Joining, decide_joining
from gateway.domain.ticket import STAFF, Status
from gateway.mail.address import domain_of, is_robot
from gateway.mail.message_id import read_own
from gateway.mail.parsed import Mailbox
from gateway.runtime import Runtime
from gateway.services.mail_item import Decision, Forwarded, MailItem, Order, Retold
from gateway.services.roles import roles_in
from inbound.admission import refuse_admission
from inbound.bursts import join_burst
from inbound.clues import Clue, address_clues, id_clues, mark_clues, referenced_ids, subject_clues, subject_tags
from inbound.commands import read_orders, to_change
from inbound.matching import Match, Matching, Standing, TicketFacts, choose_ticket
from inbound.recipients import find_project
from inbound.screening import Screening, is_answer_of_a_machine, screen


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who wrote, to this project. `proved`: their domain vouches for the mail. `is_agent` holds only with that."""

    mailbox: Mailbox
    proved: bool
    is_agent: bool
    claims_agent: bool


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
    sender = _identify(connection, item, outcome.sender)
    matching = _match(connection, runtime, item, sender)
    if matching.match is None and by_machine:
        return Decision(verdict=Verdict.IGNORED, reason=f"{outcome.silence}; it answers no ticket")
    flags = _flags(connection, item, sender, matching)
    if matching.match is not None:
        joined = _join(connection, runtime, item, sender, outcome=outcome, match=matching.match, flags=flags)
        if joined is not None:
            return joined
    return _open(connection, runtime, item, sender, outcome=outcome, matching=matching, flags=flags)


def _is_own_mail(runtime: Runtime, item: MailItem) -> bool:
    today = item.envelope.received_at.date()
    return read_own(item.message.message_id or "", runtime.signer, today=today) is not None


def _identify(connection: Connection, item: MailItem, mailbox: Mailbox) -> Sender:
    """Identity is the single From mailbox, and nothing else; an agent is one only where the mail is proved theirs."""
    claims = bool(roles_in(connection, item.project, mailbox.address) & STAFF)
    proved = item.authentication.is_aligned_pass
    if claims:
        item.trace.note("agent", "yes" if proved else "not proved", item.authentication.evidence)
    return Sender(mailbox=mailbox, proved=proved, is_agent=claims and proved, claims_agent=claims)


def _match(connection: Connection, runtime: Runtime, item: MailItem, sender: Sender) -> Matching:
    today = item.envelope.received_at.date()
    ids = referenced_ids(item.message)
    known = find_known_ids(connection, [ident for ident, _ in ids])
    clues: list[Clue] = [
        *address_clues(item.message, item.envelope.rcpt_tos, runtime.signer, today=today),
        *id_clues(ids, known, runtime.signer, today=today),
        *mark_clues(item.message, runtime.signer, today=today),
    ]
    for tag in subject_tags(item.message):
        ticket = find_ticket(connection, ref=tag)
        if ticket is not None:
            clues += subject_clues(ticket.id)
    presences = find_presences(connection, {clue.ticket_id for clue in clues}, email=sender.mailbox.address)
    facts = {
        ticket_id: TicketFacts(project=presence.project, standing=_standing(presence, sender))
        for ticket_id, presence in presences.items()
    }
    return choose_ticket(clues, facts, project=item.project.key, sender=sender.mailbox.address, trace=item.trace)


def _standing(presence: Presence, sender: Sender) -> Standing:
    if sender.is_agent:
        return Standing.PROVED
    if sender.claims_agent or not presence.is_on_it:
        return Standing.STRANGER
    return Standing.PROVED if sender.proved else Standing.PARTICIPANT


def _flags(connection: Connection, item: MailItem, sender: Sender, matching: Matching) -> list[str]:
    flags = []
    if sender.claims_agent and not sender.is_agent:
        flags.append("agent-not-proved")
    if matching.match is None and matching.related:
        flags.append("names-a-ticket-of-others")
    ident = item.message.message_id
    if ident and is_seen(connection, ident, project=item.project.key):
        flags.append("message-id-seen-before")
        item.trace.note("Message-ID", "seen before", "another mail carried the same one")
    return flags


def _join(
    connection: Connection,
    runtime: Runtime,
    item: MailItem,
    sender: Sender,
    *,
    outcome: Screening,
    match: Match,
    flags: list[str],
) -> Decision | None:
    """The decision for a mail that belongs to a ticket; None where a new ticket takes its matter up."""
    ticket = follow_merges(connection, match.ticket_id)
    if ticket is None:
        item.trace.note("merged", "not followed", "the tickets are merged in a ring")
        return None
    if ticket.id != match.ticket_id:
        item.trace.note("merged", "followed", f"to {ticket.ref}")
    now, intake = item.envelope.received_at, runtime.settings.intake
    automatic = not outcome.classification.may_answer
    if sender.is_agent and not automatic and sender.mailbox.address != ticket.reporter:
        return _obey(item, sender, ticket=ticket, match=match, flags=flags)
    joining, why = decide_joining(
        Arrival(
            at=now,
            automatic=automatic,
            from_agent=match.internal or (sender.is_agent and sender.mailbox.address != ticket.reporter),
            proved=match.signed or sender.proved,
        ),
        status=Status(ticket.status),
        closed_at=ticket.closed_at,
        reopenings=count_reopenings(connection, ticket.id, now=now),
        rules=intake.joining_rules,
    )
    item.trace.note("joining", joining, why)
    if joining is Joining.FOLLOW_UP:
        return _open(
            connection,
            runtime,
            item,
            sender,
            outcome=outcome,
            matching=Matching(match=None, related=(ticket.id,)),
            flags=flags,
            follows=ticket,
        )
    return Decision(
        verdict=Verdict.FILED,
        reason="reply",
        sender=sender.mailbox,
        ticket_id=ticket.id,
        match_rule=match.rule,
        joining=joining,
        copies=() if automatic or match.internal else _copies(runtime, item, sender),
        silence=outcome.silence,
        visible=not (automatic or match.internal),
        flags=tuple(flags),
    )


def _obey(item: MailItem, sender: Sender, *, ticket: Ticket, match: Match, flags: list[str]) -> Decision:
    """An agent's mail: its first lines may order something, its text answers the reporter unless it is a note."""
    orders = read_orders(item.text)
    change, faults = to_change(orders, agent=sender.mailbox.address)
    if match.internal and change.reply:
        change = replace(change, note=change.reply, reply="")
    return Decision(
        verdict=Verdict.FILED,
        reason="an agent's mail",
        sender=sender.mailbox,
        ticket_id=ticket.id,
        match_rule=match.rule,
        flags=tuple(flags),
        order=Order(change=change, faults=faults),
    )


def _open(
    connection: Connection,
    runtime: Runtime,
    item: MailItem,
    sender: Sender,
    *,
    outcome: Screening,
    matching: Matching,
    flags: list[str],
    follows: Ticket | None = None,
) -> Decision:
    """The decision for a mail that begins a ticket, unless its sender has just begun too many."""
    burst = join_burst(connection, runtime, item, sender.mailbox, flags=flags)
    if burst is not None:
        return burst
    forwarded = item.forwarded
    if sender.is_agent and forwarded is not None and _is_person(runtime, forwarded.author):
        return _retell(item, sender, forwarded, outcome=outcome, flags=flags)
    automatic = not outcome.classification.may_answer
    answer_to = _answer_to(runtime, item, sender)
    return Decision(
        verdict=Verdict.FILED,
        reason="new ticket" if follows is None else f"follows {follows.ref}",
        sender=sender.mailbox,
        answer_to=answer_to,
        follows_id=None if follows is None else follows.id,
        related=matching.related,
        copies=() if automatic else _copies(runtime, item, sender),
        silence=outcome.silence,
        # A Reply-To to another domain may aim at a victim, who must not be sent a stranger's words.
        echo_subject=sender.proved and domain_of(answer_to) == domain_of(sender.mailbox.address),
        flags=tuple(flags),
    )


def _retell(item: MailItem, sender: Sender, forwarded: Forwarded, *, outcome: Screening, flags: list[str]) -> Decision:
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
            comment=item.text,
            by=sender.mailbox,
        ),
    )


def _answer_to(runtime: Runtime, item: MailItem, sender: Sender) -> str:
    """Where answers go: a proved sender's Reply-To, else the sender's own address, as it could aim at a victim."""
    wanted = item.message.reply_to[:1]
    if sender.proved and wanted and _is_person(runtime, wanted[0]):
        return wanted[0].address
    return sender.mailbox.address


def _copies(runtime: Runtime, item: MailItem, sender: Sender) -> tuple[Mailbox, ...]:
    """The people whom this mail brings onto its ticket: its sender, and those it was written to."""
    if sender.claims_agent:
        return ()
    found = [sender.mailbox, *(mailbox for mailbox in item.message.recipients if _is_person(runtime, mailbox))]
    return tuple({mailbox.address: mailbox for mailbox in found}.values())


def _is_person(runtime: Runtime, mailbox: Mailbox) -> bool:
    ours = find_project(mailbox.address, runtime.settings.project_list) is not None
    return not ours and not is_robot(mailbox.address)
