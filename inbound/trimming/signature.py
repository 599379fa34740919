"""What stands below a person's words: a signature, "Envoyé de mon iPhone", a disclaimer, a mailing list's footer.

Only the end of a mail is looked at, and each rule needs its sign (the delimiter of RFC 3676 section 4.3, a known
phrase): a name under a greeting is a person's own word. Something must be left above, or nothing is cut.
"""

import re
from collections.abc import Callable, Sequence

from inbound.trimming.endings import (
    DEVICES,
    DISCLAIMER_OPENERS,
    DISCLAIMER_WORDS,
    FOOTER_LINES,
    GET_PROGRAM,
    PROGRAMS,
    SENT_FROM,
    SENT_FROM_WHOLE,
)
from inbound.trimming.model import Cut, Kind, Line, Mark
from inbound.trimming.separators import is_divider

_TAIL = 60  # lines from the end in which a signature may begin
_MAX_DEVICE_LINE = 110

_DEVICE_SUFFIX = re.compile(
    r"[.,;!]?\s*(?:[.,;!-]\s*)?(?:please|pls|pardon|excuse|sorry|merci|désolé|veuillez|excusez|entschuldig|disculp|scusa).*",
    re.I,
)
_WRAPPING = " \t<>()[]*_|•—–-.!\"'«»"
_LINK = re.compile(r"<?\[?\(?https?://\S{1,300}|\]\(https?://\S{1,300}|<mailto:\S{1,300}")
_PROGRAM_FOR = re.compile(
    rf"(?:{'|'.join(PROGRAMS)})(?:$| (?:for|pour|für|para|per|voor|dla|för|til|pro|для|на|sur|su|pt)\b)", re.IGNORECASE
)
_FROM_MOBILE = re.compile(r"(?:[\w'-]+ )?(?:from|via|by) (?:my |a )?(?:mobile|phone)")


def find_end(lines: Sequence[Line]) -> Cut | None:
    """The last part of a mail that is no person's word; None when there is none. Asked again after each cut."""
    last = _last_filled(lines)
    if last is None or lines[last].quoted:
        return None
    for rule in _RULES:
        cut = rule(lines, last)
        if cut and any(lines[number].is_own for number in range(cut.start)):
            return cut
    return None


def is_device_line(line: Line) -> bool:
    """`Envoyé de mon iPhone` and its kin: how such lines begin, a device or program that is known, and no more."""
    if not 0 < len(line.body) <= _MAX_DEVICE_LINE:
        return False
    words = _LINK.sub("", line.body).strip(_WRAPPING).lower().replace("’", "'").replace("[", "").replace("]", "")
    if words in SENT_FROM_WHOLE or _FROM_MOBILE.fullmatch(words):
        return True
    if any(words.startswith(verb + " ") for verb in GET_PROGRAM):
        return len(words.split()) <= 8 and _PROGRAM_FOR.search(words) is not None
    if not words.startswith(SENT_FROM):
        return False
    named = _DEVICE_SUFFIX.sub("", words)
    if words.startswith("sent from my ") and re.fullmatch(r"sent from my [\w-]+(?: [\w-]+){0,5}", named):
        return True
    return (
        not re.search(r"[,;:?]", named)
        and len(named.split()) <= _most_words(named)
        and any(device in named for device in DEVICES)
    )


def _most_words(text: str) -> int:
    return 11 if text.startswith("diese nachricht") else 7


def _delimiter(lines: Sequence[Line], last: int) -> Cut | None:
    """`-- ` up to 20 lines from the end, or `--` over at most ten short lines that ask nothing."""
    for number in range(last, max(last - _TAIL, -1), -1):
        line = lines[number]
        if line.quoted:
            return None
        if line.plain.rstrip() == "--":
            below = [other.body for other in lines[number + 1 : last + 1] if other.body]
            exact = line.plain == "-- "
            if len(below) <= 20 and (exact or _looks_signed(below)):
                return Cut(start=number, stop=last + 1, kind=Kind.SIGNATURE, rule="signature --")
            return None
    return None


def _looks_signed(below: Sequence[str]) -> bool:
    return len(below) <= 10 and all(len(text) <= 100 and "?" not in text for text in below)


def _device(lines: Sequence[Line], last: int) -> Cut | None:
    start = last + 1
    while start and (is_device_line(lines[start - 1]) or (start <= last and not lines[start - 1].body)):
        start -= 1
    return Cut(start=start, stop=last + 1, kind=Kind.SIGNATURE, rule="sent from a device") if start <= last else None


def _marked(lines: Sequence[Line], last: int) -> Cut | None:
    """What the mail program itself marked as the signature."""
    start = last
    if lines[last].mark is not Mark.SIGNATURE:
        return None
    while start and (lines[start - 1].mark is Mark.SIGNATURE or not lines[start - 1].body):
        start -= 1
    return Cut(start=start, stop=last + 1, kind=Kind.SIGNATURE, rule=lines[last].html_rule or "signature block")


def _dividers(lines: Sequence[Line], last: int) -> Cut | None:
    """Lines at the very end that hold no letter: they are nobody's words. A rule under a title stays."""
    start = last + 1
    while start and is_divider(lines[start - 1]):
        start -= 1
        while start and not lines[start - 1].body:
            start -= 1
    if start > last or (start and lines[start].body and is_divider(lines[start])):
        return None
    return Cut(start=start, stop=last + 1, kind=Kind.SIGNATURE, rule="divider")


def _list_footer(lines: Sequence[Line], last: int) -> Cut | None:
    """A mailing list's footer: a long line of underscores, then at most five lines with a link."""
    for number in range(last, max(last - 7, -1), -1):
        body = lines[number].body
        if len(body) >= 30 and not body.strip("_"):
            below = [other.body for other in lines[number + 1 : last + 1] if other.body]
            if 1 <= len(below) <= 5 and any("http" in text or "mailing list" in text.lower() for text in below):
                return Cut(start=number, stop=last + 1, kind=Kind.DISCLAIMER, rule="mailing list footer")
            return None
    return None


def _footer_line(lines: Sequence[Line], last: int) -> Cut | None:
    if len(lines[last].body) > 300:
        return None
    text = lines[last].body.lower().replace("’", "'")
    if "?" not in text and any(phrase in text for phrase in FOOTER_LINES):
        return Cut(start=last, stop=last + 1, kind=Kind.DISCLAIMER, rule="footer")
    return None


def _disclaimer(lines: Sequence[Line], last: int) -> Cut | None:
    """The last paragraph, when it begins and speaks as lawyers do."""
    start = last
    while start and last - start < 30 and lines[start - 1].body and not is_divider(lines[start - 1]):
        start -= 1
    text = (
        " ".join(line.body[:5000] for line in lines[start : last + 1])[:5000]
        .lower()
        .replace("’", "'")
        .lstrip(_WRAPPING)
    )
    found = sum(word in text for word in DISCLAIMER_WORDS)
    if len(text) >= 100 and text.startswith(DISCLAIMER_OPENERS) and found >= 2 and "?" not in text:
        return Cut(start=start, stop=last + 1, kind=Kind.DISCLAIMER, rule="disclaimer")
    return None


_RULES: tuple[Callable[[Sequence[Line], int], Cut | None], ...] = (
    _device,
    _marked,
    _footer_line,
    _disclaimer,
    _list_footer,
    _delimiter,
    _dividers,
)


def _last_filled(lines: Sequence[Line]) -> int | None:
    return next((number for number in range(len(lines) - 1, -1, -1) if lines[number].body), None)
