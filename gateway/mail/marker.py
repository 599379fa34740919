"""The line in our mails above which people answer, and cutting their answer off at it.

The marker is the one quote boundary that we can be sure of, because we wrote it. It is recognised by its two
ends, so that a translation or a changed wording of the sentence between them still counts.
"""

import re
from datetime import date

from gateway.mail.tokens import BadToken, Purpose, TokenSigner

_START, _END = "##-", "-##"
MARKER = {
    "fr": f"{_START} Merci de répondre au-dessus de cette ligne {_END}",
    "en": f"{_START} Please write your answer above this line {_END}",
}
# "Le mar. 24 nov. 2026 à 10:12, Support <...> a écrit :" announces the quote that the marker begins.
_ANNOUNCES = re.compile(r"^\W*(le|on|am|el|il|op|dnia|em)\b.*\d.*:\s*$", re.IGNORECASE | re.DOTALL)
_ANNOUNCEMENT_LINES = 3
_MARK = re.compile(r"\bq(?:-[0-9a-z]{1,13}){3}-[0-9a-z]{20}\b", re.IGNORECASE)
_MAX_MARKS = 5


def marker_line(lang: str, mark: str | None) -> str:
    """The line that begins our mails; `mark` is the ticket's signed mark, None in a mail that is about no ticket."""
    return MARKER[lang] if mark is None else f"{MARKER[lang]} ({mark})"


def make_mark(signer: TokenSigner, *, ticket_id: int, person_id: int, today: date) -> str:
    """The signed mark of a notice to this person about this ticket."""
    return signer.sign(Purpose.QUOTE, ticket_id, person_id, today=today)


def find_marks(text: str, signer: TokenSigner, *, today: date) -> list[int]:
    """The tickets whose signed marks stand in a text, in order, each once."""
    found: dict[int, None] = {}
    for mark in list(dict.fromkeys(_MARK.findall(text)))[:_MAX_MARKS]:
        try:
            ticket_id, _ = signer.verify(Purpose.QUOTE, mark, today=today)
        except BadToken:
            continue
        found.setdefault(ticket_id)
    return list(found)


def cut_at_marker(text: str) -> tuple[str, str]:
    """Split an answer into what the person wrote and the quote of our mail; ("...", "") without a marker.

    An answer with nothing above the marker (written below or inside the quote) is kept whole.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _START in line and _END in line:
            cut = _before_announcement(lines, number)
            kept = "\n".join(lines[:cut]).rstrip()
            return (kept, "\n".join(lines[cut:])) if kept.strip() else (text, "")
    return text, ""


def _before_announcement(lines: list[str], marker: int) -> int:
    end = marker
    while end and not lines[end - 1].strip(" >\t"):
        end -= 1
    for size in range(1, _ANNOUNCEMENT_LINES + 1):
        if end - size >= 0 and _ANNOUNCES.match("\n".join(lines[end - size : end])):
            return end - size
    return marker
