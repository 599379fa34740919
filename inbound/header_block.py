"""A header block as its fields, raw: bounded, and repaired where one broken line would hide those after it.

The standard library ends the header at the first line that is no field; a relay's log line or a parameter that
lost its indentation then turns the rest of the header into text. Here such a line belongs to the field before it,
if a field that everybody knows still follows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from inbound.bounds import MAX_FIELD_BYTES

_BLANK = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"([!-9;-~]+):")
# White space before the colon is obsolete (RFC 5322 section 4.5), and programs disagree whether it is a field: a
# From that only some of them see must not count, nor may it become part of another field.
_DOUBTFUL = re.compile(rb"[!-9;-~]+[ \t]+:|From |>From ")
_KNOWN = re.compile(
    rb"^(?:from|to|cc|bcc|subject|date|sender|reply-to|message-id|in-reply-to|references|mime-version|received|"
    rb"return-path|delivered-to|list-[a-z]+|content-[a-z-]+|x-[a-z0-9-]+|dkim-signature|authentication-results):",
    re.IGNORECASE | re.MULTILINE,
)
_NAMING = {b"from", b"sender", b"reply-to", b"to", b"cc", b"message-id", b"in-reply-to", b"date"}


@dataclass(frozen=True, kw_only=True)
class HeaderBlock:
    """The fields in order, as (name, value) with folding still inside, and where the body begins.

    `is_cut` says that something was left out because of its size, `is_repaired` that a line was no field.
    """

    fields: tuple[tuple[bytes, bytes], ...]
    body: int
    is_cut: bool = False
    is_repaired: bool = False

    def first(self, name: bytes) -> bytes:
        """The first value of a field, unfolded; empty where there is none."""
        for key, value in self.fields:
            if key.lower() == name:
                return unfold(value)
        return b""


def read_header_block(raw: bytes, start: int, end: int, *, limit: int) -> HeaderBlock:
    """The header block that begins at `start`. `limit` bounds the bytes that are kept; the body is found anyway."""
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return HeaderBlock(fields=(), body=min(end, start + (2 if raw.startswith(b"\r", start) else 1)))
    blank = _BLANK.search(raw, start, end)
    head_end = blank.start() + 1 if blank else end
    reader = _Reader(raw=raw, start=start, window=min(head_end, start + limit))
    body, kept = blank.end() if blank else end, 0
    for position, line, is_whole in _lines(raw, start, head_end):
        reader.is_cut = reader.is_cut or not is_whole or kept > limit
        if kept > limit:
            break
        kept += len(line)
        if not reader.take(line, position):
            body = position
            break
    return HeaderBlock(fields=reader.fields, body=body, is_cut=reader.is_cut, is_repaired=reader.is_repaired)


@dataclass(kw_only=True)
class _Reader:
    """Takes lines one after the other; each field is kept as its name and its lines."""

    raw: bytes
    start: int
    window: int
    is_cut: bool = False
    is_repaired: bool = False
    _found: list[tuple[bytes, list[bytes]]] = field(default_factory=list)
    _last_known: int | None = None

    @property
    def fields(self) -> tuple[tuple[bytes, bytes], ...]:
        return tuple((name, b"\n".join(lines)[:MAX_FIELD_BYTES]) for name, lines in self._found)

    def take(self, line: bytes, position: int) -> bool:
        """Take a line; false where the header is over, because this is no field and none follows."""
        if line.startswith((b" ", b"\t")):
            self._add_to_last(line)
        elif found := _FIELD.match(line):
            self._found.append((found[1], [line[found.end() :].lstrip(b" \t")]))
        elif position > self._position_of_last_known():
            self.is_repaired = True
            return False
        else:
            self.is_repaired = True
            if not _DOUBTFUL.match(line) and not self._is_finished():
                self._add_to_last(b" " + line)
        return True

    def _is_finished(self) -> bool:
        """Would a stray line spoil the field before it? One that names people or mails, unless a comma is open."""
        if not self._found:
            return True
        name, lines = self._found[-1]
        return name.lower() in _NAMING and not lines[-1].endswith(b",")

    def _add_to_last(self, line: bytes) -> None:
        if self._found:
            self._found[-1][1].append(line)

    def _position_of_last_known(self) -> int:
        if self._last_known is None:
            known = _KNOWN.finditer(self.raw, self.start, self.window)
            self._last_known = max((match.start() for match in known), default=-1)
        return self._last_known


def unfold(value: bytes) -> bytes:
    """A field's value on one line (RFC 5322 section 2.2.3)."""
    return value.replace(b"\n", b"")


def _lines(raw: bytes, start: int, end: int) -> Iterator[tuple[int, bytes, bool]]:
    """Lines with their positions, without line ends; is it whole, or cut at the bound of a field?

    A carriage return within a line is no line end: a field that hides behind it must not count.
    """
    while start < end:
        stop = raw.find(b"\n", start, end)
        stop = end if stop < 0 else stop
        line = raw[start : min(stop, start + MAX_FIELD_BYTES)].rstrip(b"\r").replace(b"\r", b" ")
        yield start, line, stop - start <= MAX_FIELD_BYTES
        start = stop + 1
