"""The header that Outlook and others copy above a quote: De / Envoyé / À / Objet, in many languages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inbound.trimming.evidence import find_address, has_date, has_time
from inbound.trimming.model import MAX_CANDIDATES, MAX_HEADER, Line, bodies_of
from inbound.trimming.words import COPY, DATE, FROM, OTHER_FIELDS, SENT, SUBJECT, TO, TRACE_FIELDS

_MAX_FIELDS = 14
_MAX_WRAPPED = 3  # lines that a field may go on for: long lists of recipients

_MAX_NAME = 30
_TRACE_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")  # X-Spam-Score, Thread-Topic: names only of a raw header
_CLASS: dict[str, str] = {
    name: kind
    for kind, names in (
        ("other", OTHER_FIELDS),
        ("trace", TRACE_FIELDS),
        ("copy", COPY),
        ("to", TO),
        ("subject", SUBJECT),
        ("date", DATE),
        ("sent", SENT),
        ("from", FROM),
    )
    for name in names
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBlock:
    """Lines `start` up to and without `stop` are the header of a quoted mail. `fields` holds the first value of
    each kind of field: from, sent, date, to, subject."""

    start: int
    stop: int
    fields: dict[str, str]


def find_header_blocks(lines: Sequence[Line]) -> list[HeaderBlock]:
    """All header blocks, in order, without overlap."""
    found: list[HeaderBlock] = []
    floor = candidates = 0
    for number, body in enumerate(bodies_of(lines)):
        if ":" not in body and "：" not in body:  # most lines
            continue
        field = _field(lines[number]) if number >= floor else None
        if field is None:
            continue
        block = read_header_block(lines, number)
        if block:
            found.append(block)
        floor = block.stop if block else _end_of_paragraph(lines, number) if field[0] == "trace" else number + 1
        candidates += 1
        if candidates == MAX_CANDIDATES:
            break
    return found


def _end_of_paragraph(lines: Sequence[Line], start: int) -> int:
    """What follows a line that only a pasted header has is pasted too, up to the next blank line."""
    return next((number for number in range(start, len(lines)) if not lines[number].body), len(lines))


def read_header_block(lines: Sequence[Line], start: int, *, trusted: bool = False) -> HeaderBlock | None:
    """The header block that begins with this line.

    It is one when it names
    - who wrote, and
    - when, and
    - to whom or about what, and holds
    - an address, or a whole date under a label that is no common word ("Envoyé", not "Date"),
    and when it is no pasted header of a mail (Received, Message-ID). A `trusted` one (a line between dashes stands
    above) needs only its author.
    """
    fields: dict[str, str] = {}
    stop = start
    for number, kind, value in _fields(lines, start):
        if kind == "trace":
            return None
        fields.setdefault(kind, value)
        stop = number + 1
    if not _is_believable(fields, trusted=trusted):
        return None
    return HeaderBlock(start=start, stop=stop, fields=fields)


def _is_believable(fields: dict[str, str], *, trusted: bool) -> bool:
    if "from" not in fields:
        return False
    if trusted:
        return True
    sent = fields.get("sent") or fields.get("date", "")
    named = find_address(fields["from"]) or find_address(fields.get("to", ""))
    dated = has_time(sent, seconds=True) and has_date(sent) and ("sent" in fields or "other" in fields)
    return bool((named or dated) and sent and fields.keys() & {"to", "subject"})


def _fields(lines: Sequence[Line], start: int) -> Iterator[tuple[int, str, str]]:
    """(number of its last line, kind, value) of the fields from here on, folded lines included."""
    quoted = lines[start].quoted
    wrapped = blanks = 0
    kind = value = ""
    for number in range(start, min(start + _MAX_FIELDS, len(lines))):
        line = lines[number]
        if line.quoted != quoted and line.body:
            return
        found = _field(line)
        if found:
            kind, value = found
            wrapped = blanks = 0
            yield number, kind, value
        elif not line.body:
            blanks += 1
            if blanks > 1 or not _next_is_field(lines, number):
                return
        elif kind and wrapped < _MAX_WRAPPED and not blanks and _is_folded(lines, number, kind):
            wrapped += 1
            yield number, kind, value
        else:
            return


def _next_is_field(lines: Sequence[Line], number: int) -> bool:
    return number + 1 < len(lines) and _field(lines[number + 1]) is not None


def _is_folded(lines: Sequence[Line], number: int, kind: str) -> bool:
    """Is this line the rest of the field above? A field follows, or it holds addresses, or stands alone."""
    line = lines[number]
    if kind in ("to", "copy", "from") and ("@" in line.body or line.body.endswith((";", ","))):
        return True
    following = lines[number + 1 : number + 1 + _MAX_WRAPPED]
    return any(_field(other) for other in following) and all(other.body for other in following[:1])


def _field(line: Line) -> tuple[str, str] | None:
    """(kind, value) of a line like "Envoyé : lundi 23 novembre 2026 10:12"."""
    body, head = line.body, line.body[:_MAX_NAME]
    if ":" not in head and "：" not in head:  # most lines, at a fraction of what follows
        return None
    name, _, value = head.replace("：", ":").partition(":")
    if body.startswith(("* ", "- ")) or len(body) > 4 * MAX_HEADER:
        return None
    name = " ".join(name.strip("*_ ").lower().split())
    kind = _CLASS.get(name) or ("trace" if _TRACE_NAME.fullmatch(name) else None)
    return (kind, (value + body[_MAX_NAME:]).strip("*_ ")) if kind else None
