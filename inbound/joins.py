"""What a mail that belongs to a ticket does there: an agent's mail acts on it, anybody else's joins it or wakes it."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from gateway.db.receipts import Verdict
from gateway.db.ticket_facts import count_reopenings, follow_merges
from gateway.db.tickets import Ticket
from gateway.domain.joining import Arrival, Joining, decide_joining
from gateway.domain.ticket import Language, Status
from gateway.domain.trace import Said
from gateway.notify.enclosed import say_enclosed
from gateway.runtime import Runtime
from gateway.services.mail_item import Decision, MailItem, Order
from gateway.services.sight import seen_by
from gateway.services.write_mail_entry import mail_files
from inbound.commands import read_orders, to_change
from inbound.matching import Match
from inbound.screening import Screening
from inbound.sender import Sender, copies


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """The mail is not for the ticket that it belongs to, but for a new one. `follows` is the ticket that the new one
    takes up again; `related` are tickets that the mail names and has no business on."""

    follows: Ticket | None = None
    related: tuple[int, ...] = ()


def join(
    connection: Connection,
    runtime: Runtime,
    item: MailItem,
    sender: Sender,
    *,
    outcome: Screening,
    match: Match,
    flags: tuple[str, ...],
) -> Decision | Elsewhere:
    """The decision for a mail that belongs to a ticket, or why it begins another."""
    ticket = _survivor(connection, item, match)
    if ticket is None:
        return Elsewhere()
    automatic = not outcome.classification.may_answer
    acts = _acts_as_agent(connection, sender, ticket, match)
    if acts is None:
        item.trace.note("merged", "hidden", "the sender is an agent who must not see the ticket that survived")
        return Elsewhere(related=(ticket.id,))
    if acts and not automatic:
        return _obey(item, sender, ticket=ticket, match=match, flags=flags)
    joining, why = decide_joining(
        Arrival(
            at=item.envelope.received_at,
            automatic=automatic,
            from_agent=match.internal or acts,
            proved=match.signed or sender.proved,
        ),
        status=Status(ticket.status),
        closed_at=ticket.closed_at,
        reopenings=count_reopenings(connection, ticket.id, now=item.envelope.received_at),
        rules=runtime.settings.intake.joining_rules,
    )
    item.trace.note("joining", joining, why)
    if joining is Joining.FOLLOW_UP:
        return Elsewhere(follows=ticket, related=(ticket.id,))
    return Decision(
        verdict=Verdict.FILED,
        reason="reply",
        sender=sender.mailbox,
        ticket_id=ticket.id,
        match_rule=match.rule,
        joining=joining,
        copies=() if automatic or match.internal else copies(runtime, item, sender),
        silence=outcome.silence,
        visible=not (automatic or match.internal),
        flags=flags,
    )


def _survivor(connection: Connection, item: MailItem, match: Match) -> Ticket | None:
    """The ticket, or the one that it was merged into; None where tickets are merged in a ring."""
    ticket = follow_merges(connection, match.ticket_id)
    if ticket is None:
        item.trace.note("merged", "not followed", "the tickets are merged in a ring")
    elif ticket.id != match.ticket_id:
        item.trace.note("merged", "followed", Said("to {ref}", ref=ticket.ref))
    return ticket


def _acts_as_agent(connection: Connection, sender: Sender, ticket: Ticket, match: Match) -> bool | None:
    """Does the mail act on the ticket as its agent's? None for an agent who came by a merged ticket to one that they
    must not see. Who is proved by their domain, or by an address that was signed for them, is who they say."""
    if not sender.claims_agent or sender.mailbox.address == ticket.reporter:
        return False
    if ticket.id not in seen_by(connection, [ticket.id], roles=sender.roles):
        return None if ticket.id != match.ticket_id else False
    return sender.proved or match.proves_sender


def _obey(item: MailItem, sender: Sender, *, ticket: Ticket, match: Match, flags: tuple[str, ...]) -> Decision:
    """An agent's mail: its first lines may order something, its text answers the reporter unless it is a note."""
    enclosed = say_enclosed([file.name for file in mail_files(item)], Language(ticket.lang))
    change, faults = to_change(read_orders(item.text), agent=sender.mailbox.address, enclosed=enclosed)
    if match.internal and change.reply:
        change = replace(change, note=change.reply, reply="")
    return Decision(
        verdict=Verdict.FILED,
        reason="an agent's mail",
        sender=sender.mailbox,
        ticket_id=ticket.id,
        match_rule=match.rule,
        flags=flags,
        order=Order(change=change, faults=faults),
    )
