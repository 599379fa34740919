"""The line in our mails above which people answer, and the signed mark of the ticket in it.

It is the one quote boundary that we can be sure of, because we wrote it. It is known by its two ends, so that a
translation or a changed wording of the sentence between them still counts; cutting at it is done where mails are read.
"""

import re
from dataclasses import dataclass
from datetime import date

from gateway.mail.tokens import BadToken, Purpose, TokenSigner

_START, _END = "##-", "-##"
MARKER = {
    "fr": f"{_START} Merci de répondre au-dessus de cette ligne {_END}",
    "en": f"{_START} Please write your answer above this line {_END}",
}
_MARK = re.compile(r"\bq(?:-[0-9a-z]{1,13}){3}-[0-9a-z]{20}\b", re.IGNORECASE)
_MAX_MARKS = 5


@dataclass(frozen=True, kw_only=True)
class QuotedMark:
    """A mark that we signed for a notice to this person about this ticket."""

    ticket_id: int
    person_id: int


def marker_line(lang: str, mark: str | None) -> str:
    """The line that begins our mails; `mark` is the ticket's signed mark, None in a mail that is about no ticket."""
    return MARKER[lang] if mark is None else f"{MARKER[lang]} ({mark})"


def make_mark(signer: TokenSigner, *, ticket_id: int, person_id: int, today: date) -> str:
    """The signed mark of a notice to this person about this ticket."""
    return signer.sign(Purpose.QUOTE, ticket_id, person_id, today=today)


def find_marks(text: str, signer: TokenSigner, *, today: date) -> list[QuotedMark]:
    """The marks of ours that stand in a text, in order, each once."""
    found: dict[QuotedMark, None] = {}
    for mark in list(dict.fromkeys(_MARK.findall(text)))[:_MAX_MARKS]:
        try:
            ticket_id, person_id = signer.verify(Purpose.QUOTE, mark, today=today)
        except BadToken:
            continue
        found.setdefault(QuotedMark(ticket_id=ticket_id, person_id=person_id))
    return list(found)
