"""Lines that say "here begins another mail": -----Message d'origine-----, our marker, and lines that only divide."""

import re
from collections.abc import Sequence

from gateway.mail.marker import MARKER
from inbound.trimming.headers import read_header_block
from inbound.trimming.model import Line
from inbound.trimming.phrases import FORWARDED_MESSAGE, ORIGINAL_MESSAGE

_MARKER_ENDS = tuple({(words.split()[0], words.split()[-1]) for words in MARKER.values()})
_DASHED = re.compile(r"[*_\s]{0,4}[-_=]{2,60}[\s*>]{0,4}(?P<words>[^\-_=].{2,60}?)\s{0,4}[-_=]{2,60}[:：*_\s]{0,4}")
_FORWARDED = frozenset(FORWARDED_MESSAGE)
# One sign, repeated: what divides and says nothing. `ᐧ` is what a tracker of read mail leaves.
_DIVIDER = re.compile(r"\W{0,3}?(?:([-_=~*#+–—─━])(?:\s?\1){1,200}|ᐧ)\W{0,3}?")


def holds_marker(body: str) -> bool:
    """Is this the line that begins our own mails, or do these lines hold it perhaps?"""
    return any(start in body and end in body for start, end in _MARKER_ENDS)


def is_original_message(line: Line) -> bool:
    """`-----Message d'origine-----`, in any of the languages."""
    words = _between_dashes(line)
    return any(words == phrase or words.startswith(phrase + " ") for phrase in ORIGINAL_MESSAGE) if words else False


def is_forward(lines: Sequence[Line], number: int) -> bool:
    """`---------- Forwarded message ---------`, or "Début du message transféré :" with a header below."""
    line = lines[number]
    words = _between_dashes(line)
    if words:
        return words.rstrip(" :") in _FORWARDED or words.startswith("forwarded by ")
    if len(line.body) > 80 or line.body.strip("*_ :：").lower() not in _FORWARDED:
        return False
    below = next_filled(lines, number + 1)
    return below is not None and read_header_block(lines, below, trusted=True) is not None


def is_divider(line: Line) -> bool:
    """A line of dashes, underscores, stars: it divides and says nothing."""
    return 0 < len(line.body) <= 400 and _DIVIDER.fullmatch(line.body) is not None


def next_filled(lines: Sequence[Line], start: int) -> int | None:
    """The number of the first line from here on, but not further than six, that is not blank."""
    return next((number for number in range(start, min(start + 6, len(lines))) if lines[number].body), None)


def _between_dashes(line: Line) -> str:
    if len(line.body) > 200 or line.body.lstrip("*_ ")[:1] not in ("-", "_", "="):
        return ""
    found = _DASHED.fullmatch(line.body)
    return " ".join(found["words"].lower().replace("’", "'").split()).strip("*: ") if found else ""
