"""Which ticket does a mail belong to? Clues out of the mail, facts out of the database, a decision out of both.

In this order: a signed reply address, then the Message-IDs that the mail answers, the nearest first, ours and those of
other mails on a ticket, then a signed mark in the text that they quote, then the reference in the subject. A token in
an address is believed from the person whom it names, and from whoever is on the ticket; an id or a quoted mark from
somebody who is on the ticket; a reference, which anybody can guess, only from somebody on the ticket who is proved to
be who they say. Two tickets by one rule are never guessed between, of ids where they are equally near.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from gateway.domain.trace import Said, Trace
from inbound.clues import RULES, Clue, Rule

MAX_RELATED = 20  # anybody can put one Message-ID on any number of tickets


class Standing(IntEnum):
    """How far a sender is believed on a ticket."""

    SUSPECT = 0  # says to be an agent, and their domain does not vouch for the mail
    STRANGER = 1
    PARTICIPANT = 2
    PROVED = 3  # a participant, or an agent who sees the ticket, whose domain vouches for the mail


@dataclass(frozen=True, kw_only=True)
class TicketFacts:
    """What the decision needs to know of a ticket, and the sender's standing on it. `is_hidden` says that they
    must not see it, an agent of other levels or somebody who was taken off it: no token helps them."""

    project: str
    standing: Standing
    is_hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class Asker:
    """The sender and the project that they wrote to. `person_id` is None for an address that we never met."""

    project: str
    address: str
    person_id: int | None

    def is_named_in(self, clue: Clue) -> bool:
        """True where a token of ours stands behind the clue, and it was made for the sender."""
        return clue.person_id is not None and clue.person_id == self.person_id


@dataclass(frozen=True, kw_only=True)
class Match:
    """The ticket that a mail belongs to, and the rule that found it.

    `signed` says that a token of ours that was made for the sender proves it; `internal` that the mail answers what
    the reporter must not see.
    """

    ticket_id: int
    rule: Rule
    signed: bool
    internal: bool

    @property
    def proves_sender(self) -> bool:
        """True where the sender used the address that only their own mails tell: ids and marks are quoted to others."""
        return self.signed and self.rule is Rule.REPLY_ADDRESS


@dataclass(frozen=True, kw_only=True)
class Matching:
    """The outcome. `match` is None for a new ticket; `related` are tickets that a stranger named rightly."""

    match: Match | None
    related: tuple[int, ...] = ()


_NEEDS = {
    Rule.REPLY_ADDRESS: Standing.PARTICIPANT,
    Rule.OWN_ID: Standing.PARTICIPANT,
    Rule.STORED_ID: Standing.PARTICIPANT,
    Rule.QUOTED_MARK: Standing.PARTICIPANT,
    Rule.SUBJECT_TAG: Standing.PROVED,
}
_BY_ID = frozenset({Rule.OWN_ID, Rule.STORED_ID})


def choose_ticket(clues: Sequence[Clue], facts: Mapping[int, TicketFacts], asker: Asker, *, trace: Trace) -> Matching:
    """Ask the rules in order. Why clues are not believed is in the trace, each reason once."""
    related: dict[int, None] = {}
    doubts: dict[tuple[Rule, str], None] = {}
    asked: set[Rule] = set()
    for rule, equal in _stages(clues):
        believed: dict[int, Clue] = {}
        for clue in equal:
            doubt = _doubt(clue, facts.get(clue.ticket_id), asker)
            if doubt:
                if (reason := (rule, Said("{where}: {what}", where=clue.where, what=doubt))) not in doubts:
                    doubts[reason] = None
                    trace.note(rule, "not believed", reason[1])
                if doubt in _OF_OTHERS and rule is not Rule.SUBJECT_TAG:
                    related.setdefault(clue.ticket_id)
            elif clue.ticket_id not in believed or asker.is_named_in(clue):
                believed[clue.ticket_id] = clue
        if len(believed) == 1:
            ((ticket_id, clue),) = believed.items()
            trace.note(rule, "match", clue.where)
            internal = _answers_internal(clues, ticket_id)
            signed = asker.is_named_in(clue)
            return Matching(match=Match(ticket_id=ticket_id, rule=rule, signed=signed, internal=internal))
        if believed:
            trace.note(rule, "ambiguous", Said("{count} tickets", count=len(believed)))
            return Matching(match=None, related=tuple(believed)[:MAX_RELATED])
        if rule not in asked:
            trace.note(rule, "no match")
        asked.add(rule)
    return Matching(match=None, related=tuple(related)[:MAX_RELATED])


def _stages(clues: Sequence[Clue]) -> Iterator[tuple[Rule, list[Clue]]]:
    """The clues that count alike, the strongest first, each rule at least once. What the mail answers directly goes
    before what that answered in turn, whose ids they are comes second: after a split they name two tickets."""
    found = {(clue.rule, clue.distance) for clue in clues} | {(rule, 0) for rule in RULES}
    for rule, distance in sorted(found, key=_strength):
        yield rule, [clue for clue in clues if (clue.rule, clue.distance) == (rule, distance)]


def _strength(stage: tuple[Rule, int]) -> tuple[int, int, int]:
    rule, distance = stage
    place = RULES.index(rule)
    return RULES.index(Rule.OWN_ID) if rule in _BY_ID else place, distance, place


def _answers_internal(clues: Sequence[Clue], ticket_id: int) -> bool:
    """Does the nearest mail on the ticket that this one answers stay inside? An address does not say which it was."""
    named = (clue.internal for clue in clues if clue.ticket_id == ticket_id and clue.rule in _BY_ID)
    return next(named, False)


_NOT_ON_IT = "the sender is not on that ticket"
_NOT_PROVED = "nothing proves that the sender is who they say"
_HIDDEN = "the sender must not see that ticket"
_OF_OTHERS = frozenset({_NOT_ON_IT, _HIDDEN})


def _doubt(clue: Clue, facts: TicketFacts | None, asker: Asker) -> str:
    if facts is None:
        return "there is no such ticket any more"
    if facts.project != asker.project:
        return "that ticket belongs to another project than the address written to"
    if facts.is_hidden:
        return _HIDDEN
    if facts.standing >= _NEEDS[clue.rule] or _is_meant(clue, facts, asker):
        return ""
    return _NOT_ON_IT if facts.standing <= Standing.STRANGER else _NOT_PROVED


def _is_meant(clue: Clue, facts: TicketFacts, asker: Asker) -> bool:
    """Was the address made for this sender, or the mail that they answer written to them? Whoever pretends to be an
    agent is known to be one by a token alone, never by a mail that others saw too."""
    if clue.rule is Rule.REPLY_ADDRESS:
        return asker.is_named_in(clue)
    return clue.rule is Rule.STORED_ID and facts.standing > Standing.SUSPECT and asker.address in clue.addressed
