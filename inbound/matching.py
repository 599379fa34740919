"""Which ticket does a mail belong to? Clues out of the mail, facts out of the database, a decision out of both.

In this order: a signed reply address, then one of our own Message-IDs, then the Message-ID of another mail on a
ticket. A token proves itself; an id is believed only from somebody who is on the ticket. Two tickets by one rule
are never guessed between. A number in the subject proves nothing and is not looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.trace import Trace
from gateway.mail.message_id import read_own
from gateway.mail.parsed import ParsedMessage
from gateway.mail.reply_address import ReplyToken, read_token
from gateway.mail.tokens import TokenSigner

MAX_REFERENCES = 50
_REPLY_ADDRESS = "signed reply address"
_OWN_ID = "our Message-ID"
_STORED_ID = "Message-ID on a ticket"


@dataclass(frozen=True, kw_only=True)
class Clue:
    """A hint that a mail belongs to a ticket. `where` says where it was found."""

    rule: str
    ticket_id: int
    where: str
    needs_participant: bool


@dataclass(frozen=True, kw_only=True)
class TicketFacts:
    """What the decision needs to know of a ticket."""

    project: str
    participants: frozenset[str]


def token_clues(message: ParsedMessage, rcpt_tos: Sequence[str], signer: TokenSigner, *, today: date) -> Iterator[Clue]:
    """Clues by signed addresses: the envelope first, then what mailbox providers note, then To and Cc."""
    places = [("envelope", rcpt_tos)]
    places += [(name, message.headers.all(name)) for name in ("Delivered-To", "X-Original-To")]
    places += [("To or Cc", [mailbox.address for mailbox in message.recipients])]
    for where, addresses in places:
        for address in addresses:
            token = read_token(address.strip(" <>"), signer, today=today)
            if isinstance(token, ReplyToken):
                yield Clue(rule=_REPLY_ADDRESS, ticket_id=token.ticket_id, where=where, needs_participant=False)


def referenced_ids(message: ParsedMessage) -> list[tuple[str, str]]:
    """The ids that a mail answers to, with the field they stand in: In-Reply-To, then References from the end."""
    found = [(ident, "In-Reply-To") for ident in message.in_reply_to]
    found += [(ident, "References") for ident in reversed(message.references)]
    fields: dict[str, str] = {}
    for ident, where in found[:MAX_REFERENCES]:
        fields.setdefault(ident, where)
    return list(fields.items())


def id_clues(
    ids: Sequence[tuple[str, str]], tickets_of: Mapping[str, Sequence[int]], signer: TokenSigner, *, today: date
) -> Iterator[Clue]:
    """Clues by the ids of mails that are on tickets, ours and others'; `tickets_of` maps an id to its tickets.

    An id of ours counts only where its signature and our records agree.
    """
    for ident, where in ids:
        own = read_own(ident, signer, today=today)
        for ticket_id in tickets_of.get(ident, ()):
            if own is not None and own.ticket_id == ticket_id:
                yield Clue(rule=_OWN_ID, ticket_id=ticket_id, where=where, needs_participant=True)
            elif own is None:
                yield Clue(rule=_STORED_ID, ticket_id=ticket_id, where=where, needs_participant=True)


@dataclass(frozen=True, kw_only=True)
class Match:
    """The ticket that a mail belongs to, and the rule that found it."""

    ticket_id: int
    rule: str


def choose_ticket(
    clues: Sequence[Clue], facts: Mapping[int, TicketFacts], *, project: str, sender: str, trace: Trace
) -> Match | None:
    """Ask the rules in order; None means a new ticket. Every clue that is not believed leaves its reason."""
    for rule in (_REPLY_ADDRESS, _OWN_ID, _STORED_ID):
        believed: dict[int, Clue] = {}
        for clue in clues:
            if clue.rule != rule:
                continue
            doubt = _doubt(clue, facts.get(clue.ticket_id), project=project, sender=sender)
            if doubt:
                trace.note(rule, "not believed", f"{clue.where}: {doubt}")
            else:
                believed.setdefault(clue.ticket_id, clue)
        if len(believed) == 1:
            ((ticket_id, clue),) = believed.items()
            trace.note(rule, "match", clue.where)
            return Match(ticket_id=ticket_id, rule=rule)
        outcome = "ambiguous" if believed else "no match"
        trace.note(rule, outcome, f"{len(believed)} tickets" if believed else "")
        if believed:
            return None
    return None


def _doubt(clue: Clue, facts: TicketFacts | None, *, project: str, sender: str) -> str:
    if facts is None:
        return "there is no such ticket any more"
    if facts.project != project:
        return "that ticket belongs to another project than the address written to"
    if clue.needs_participant and sender not in facts.participants:
        return "the sender is not on that ticket"
    return ""
