"""The values of trimming: what comes out (`Trimmed`), and the lines that it thinks in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

MAX_LINES = 20_000  # the lines beyond are looked at as one
MAX_HEADER = 500  # characters of a line, or of lines joined, that can still announce a quote
MAX_CANDIDATES = 500  # lines that look like an announcement from afar and are looked at closely

_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
# No-break spaces count as spaces; marks of direction and width are not there at all.
_SPACES = "\u00a0\u202f\u2007\u2009\u3000"
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_PLAIN = str.maketrans(dict.fromkeys(_SPACES, " ") | dict.fromkeys(_UNSEEN))
_QUOTE_SIGN = re.compile(r"\s{0,3}>")
_QUOTE_SIGNS = re.compile(r"(?:\s{0,3}>)+")


class Kind(StrEnum):
    """What a piece of a mail is: only `OWN` is shown at first sight."""

    OWN = "own"
    QUOTE = "quote"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"


class Mark(StrEnum):
    """What the HTML says of a line; nothing in a mail of plain text."""

    NONE = ""
    QUOTE = "quote"
    WEAK_QUOTE = "weak quote"  # a block that is a quote only when something announces it
    ATTRIBUTION = "attribution"
    REST = "rest"  # from here on all is quote
    BLOCK = "block"  # a quote without cited form; it becomes `REST` or `QUOTE`
    SIGNATURE = "signature"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of the text. The pieces of a mail, joined in order, are its text, byte for byte."""

    kind: Kind
    text: str
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """An explicitly forwarded mail: the mailbox that its header names ("" for what it does not name), its subject,
    its date as it is written there, and its text without the signs of quotation."""

    name: str
    address: str
    subject: str
    date: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Trimmed:
    """What a person wrote, and what was removed, each in the order of the mail and byte for byte.

    `visible` is "" only when nothing new was written. `rule` names the evidence, or several joined by "; ", and is
    "" when nothing was removed. `pieces` is the whole text in order, for who wants to show it in its place.
    """

    visible: str
    removed: str = ""
    rule: str = ""
    forwarded: Forwarded | None = None
    pieces: tuple[Piece, ...] = ()


class Line(NamedTuple):
    """One line: `raw` with its end, `plain` without invisible signs, `body` also without signs of quotation.

    A tuple: a mail has thousands of them, and making one takes a third of the time. `bodies_of` reads one column.
    """

    raw: str
    plain: str
    body: str
    quoted: bool
    mark: Mark = Mark.NONE
    html_rule: str = ""

    @property
    def is_own(self) -> bool:
        """Words that stand outside of quotes."""
        return bool(self.body) and not self.quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Lines `start` up to and without `stop` go, by this rule."""

    start: int
    stop: int
    kind: Kind
    rule: str


def split_lines(text: str) -> list[Line]:
    """The lines of a text. Line ends are LF, CRLF or CR; time is linear in the text."""
    raw = text.splitlines(keepends=True) if _has_simple_ends(text) else _LINE_END.split(text)
    if len(raw) > MAX_LINES:
        raw[MAX_LINES:] = ["".join(raw[MAX_LINES:])]
    has_signs = any(map(text.__contains__, _SPACES + _UNSEEN))
    lines: list[Line] = []
    before: Line | None = None
    for piece in raw:
        if piece:
            bare = piece.rstrip("\r\n")
            plain = bare.translate(_PLAIN) if has_signs else bare
            body = plain.strip()
            if body and body[0] == ">":
                before = _line(piece, plain, body, before)
            else:
                before = _new(Line, (piece, plain if body else "", body, False, Mark.NONE, ""))
            lines.append(before)
    return lines


_new = tuple.__new__  # at a third of the price of the class itself
_body = itemgetter(Line._fields.index("body"))
_mark = itemgetter(Line._fields.index("mark"))


def bodies_of(lines: Sequence[Line]) -> list[str]:
    """The bodies of lines."""
    return list(map(_body, lines))


def is_marked(lines: Sequence[Line]) -> bool:
    """Does the HTML say anything of these lines?"""
    return not {Mark.NONE}.issuperset(map(_mark, lines))


def _has_simple_ends(text: str) -> bool:
    """Would `str.splitlines` split at line ends only? It also knows controls and separators of Unicode."""
    return not re.search("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", text)


def _line(raw: str, plain: str, body: str, before: Line | None) -> Line:
    """A line that begins with a sign of quotation."""
    if not _QUOTE_SIGN.match(plain):
        return Line(raw, plain, body, quoted=False)
    found = _QUOTE_SIGNS.match(plain)
    body = plain[found.end() :].strip() if found else ""
    if (before and _closes_address(body, before)) or not _is_quoted_throughout(raw):
        return Line(raw=raw, plain=plain, body=plain.strip(), quoted=False)
    return Line(raw=raw, plain=plain, body=body, quoted=True)


def _is_quoted_throughout(raw: str) -> bool:
    """Are all lines quoted, where the many lines of a huge text are taken as one?"""
    return len(raw) <= MAX_HEADER or all(part.lstrip()[:1] in ("", ">") for part in raw.split("\n"))


def _closes_address(body: str, before: Line) -> bool:
    """Is this `>` the end of an address that began on the line before (`Jean <jean@example.org` / `> a écrit :`)?"""
    if before.quoted or len(body) > 60 or not body.endswith((":", "：")):
        return False
    start = before.plain[-MAX_HEADER:]
    return start.rfind("<") > start.rfind(">") or ("@" in start and len(body) <= 12)
