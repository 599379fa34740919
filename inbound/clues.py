"""The hints in a mail that it belongs to a ticket. They prove nothing yet: `matching` decides which are believed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.db.participants import KnownId
from gateway.mail.marker import find_marks
from gateway.mail.message_id import read_own
from gateway.mail.parsed import ParsedMessage
from gateway.mail.reply_address import ReplyToken, read_token
from gateway.mail.tokens import TokenSigner

PARENT = "In-Reply-To"
MAX_REFERENCES = 50
MAX_TAGS = 5
_TAG = re.compile(r"\[([A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,9})\]", re.IGNORECASE)


class Rule(StrEnum):
    """The rules of matching; the name stands on the timeline entry and in the trace."""

    REPLY_ADDRESS = "signed reply address"
    OWN_ID = "our Message-ID"
    STORED_ID = "Message-ID on a ticket"
    QUOTED_MARK = "signed mark in the quote"
    SUBJECT_TAG = "reference in the subject"


RULES = tuple(Rule)


@dataclass(frozen=True, kw_only=True)
class Clue:
    """A hint that a mail belongs to a ticket. `where` says where it was found.

    `addressed` are those that the mail with a stored id was written to; `internal` says that the reporter must
    not see what this mail answers. `person_id` is whom a token of ours names, None where there is none. `distance` is
    that of an id from the mail that is answered, 0 for that one itself.
    """

    rule: Rule
    ticket_id: int
    where: str
    internal: bool = False
    addressed: frozenset[str] = frozenset()
    person_id: int | None = None
    distance: int = 0


def address_clues(places: Sequence[tuple[str, Sequence[str]]], signer: TokenSigner, *, today: date) -> Iterator[Clue]:
    """Clues by signed addresses: where each stands and the addresses there, the surest place first."""
    for where, addresses in places:
        for address in addresses:
            token = read_token(address, signer, today=today)
            if isinstance(token, ReplyToken):
                yield Clue(rule=Rule.REPLY_ADDRESS, ticket_id=token.ticket_id, where=where, person_id=token.person_id)


def referenced_ids(message: ParsedMessage) -> list[tuple[str, str]]:
    """The ids that a mail answers to, with the field they stand in: In-Reply-To, then References from the end.

    The parent stands in In-Reply-To, and in References those before it, oldest first (RFC 5322 section 3.6.4).
    """
    found = [(ident, PARENT) for ident in message.in_reply_to]
    found += [(ident, "References") for ident in reversed(message.references)]
    fields: dict[str, str] = {}
    for ident, where in found[:MAX_REFERENCES]:
        fields.setdefault(ident, where)
    return list(fields.items())


def id_clues(
    ids: Sequence[tuple[str, str]], known: Mapping[str, Sequence[KnownId]], signer: TokenSigner, *, today: date
) -> Iterator[Clue]:
    """Clues by the ids of mails that are on tickets. An id of ours counts where its signature and our records agree."""
    for distance, (ident, where) in enumerate(ids):
        own = read_own(ident, signer, today=today)
        for found in known.get(ident, ()):
            if own is not None and own.ticket_id != found.ticket_id:
                continue
            yield Clue(
                rule=Rule.STORED_ID if own is None else Rule.OWN_ID,
                ticket_id=found.ticket_id,
                where=where,
                internal=found.internal,
                addressed=found.addressed,
                person_id=None if own is None else own.person_id,
                distance=0 if where == PARENT else distance,
            )


def mark_clues(message: ParsedMessage, signer: TokenSigner, *, today: date) -> Iterator[Clue]:
    """Clues by the signed mark that our notices carry in their text: some providers rewrite ids and addresses."""
    for mark in find_marks(message.text, signer, today=today):
        yield Clue(rule=Rule.QUOTED_MARK, ticket_id=mark.ticket_id, where="text", person_id=mark.person_id)


def subject_tags(message: ParsedMessage) -> list[str]:
    """The references that stand in the subject in square brackets, each once."""
    return list(dict.fromkeys(tag.upper() for tag in _TAG.findall(message.subject)))[:MAX_TAGS]


def subject_clues(ticket_id: int) -> Iterator[Clue]:
    """The clue that a ticket's reference in the subject is."""
    yield Clue(rule=Rule.SUBJECT_TAG, ticket_id=ticket_id, where="Subject")
