"""Taking a person out of the bytes of somebody else's mail, without moving anything in it.

Each place is overwritten with as many letters x, so that lengths, boundaries and the positions of files stay as they
are. Looked at are the bytes as they stand (UTF-8 and Latin-1), what quoted-printable and encoded words say, and what
base64 holds. What is inside a compressed file is not found.
"""

import base64
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from itertools import accumulate

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{8,}(?:\r?\n[A-Za-z0-9+/]+)*={0,2}")
_ESCAPES = re.compile(rb"(=\r?\n|=[0-9A-Fa-f]{2})")
_LETTERS = re.compile(rb"[A-Za-z0-9+/]+")
_SOFT_BREAK = re.compile(rb"=\r?\n|[^\r\n]")


def redact(raw: bytes, pattern: re.Pattern[str]) -> bytes:
    """The same bytes with an x for each byte of what the pattern finds; equal where it finds nothing."""
    return _in_quoted_printable(_in_base64(_as_it_stands(raw, pattern), pattern), pattern)


def _as_it_stands(raw: bytes, pattern: re.Pattern[str]) -> bytes:
    for charset in ("utf-8", "latin-1"):
        text = raw.decode(charset, "surrogateescape")
        if pattern.search(text):
            raw = pattern.sub(partial(_letters_x, charset), text).encode(charset, "surrogateescape")
    return raw


def _letters_x(charset: str, found: re.Match[str]) -> str:
    return "x" * len(found[0].encode(charset, "surrogateescape"))


def _in_base64(raw: bytes, pattern: re.Pattern[str]) -> bytes:
    def inside(block: re.Match[bytes]) -> bytes:
        letters = b"".join(_LETTERS.findall(block[0]))
        padding = block[0].count(b"=")
        whole = letters[: len(letters) // 4 * 4] if (len(letters) + padding) % 4 else letters + b"=" * padding
        held = base64.b64decode(whole)
        kept = _as_it_stands(held, pattern)
        if kept == held:
            return block[0]
        written = base64.b64encode(kept).rstrip(b"=") + letters[len(whole) :]
        return _into(block[0], written)

    return _BASE64.sub(inside, raw)


def _into(block: bytes, letters: bytes) -> bytes:
    """The letters on the lines of the block that they came from."""
    rest = iter(letters)
    return bytes(byte if byte in b"\r\n=" else next(rest) for byte in block)


def _in_quoted_printable(raw: bytes, pattern: re.Pattern[str]) -> bytes:
    lowered = raw.lower()
    if b"quoted-printable" not in lowered and b"?q?" not in lowered:
        return raw
    pieces = _ESCAPES.split(raw)  # what stands between escapes, and each escape
    said = [_said(piece) if number % 2 else piece for number, piece in enumerate(pieces)]
    starts, heard = ([0, *accumulate(map(len, parts))] for parts in (pieces, said))
    changed = bytearray(raw)
    for begin, end in _found_in(b"".join(said), pattern):
        first, last = (_place(spot, starts, heard) for spot in (begin, end))
        changed[first:last] = _SOFT_BREAK.sub(_blank, bytes(changed[first:last]))
    return bytes(changed)


def _said(escape: bytes) -> bytes:
    return b"" if escape.endswith(b"\n") else bytes([int(escape[1:], 16)])


def _blank(one: re.Match[bytes]) -> bytes:
    return one[0] if len(one[0]) > 1 else b"x"


def _found_in(text: bytes, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """The places in bytes of what the pattern finds."""
    for charset in ("utf-8", "latin-1"):
        decoded = text.decode(charset, "surrogateescape")
        for found in pattern.finditer(decoded):
            begin = len(decoded[: found.start()].encode(charset, "surrogateescape"))
            yield begin, begin + len(found[0].encode(charset, "surrogateescape"))


def _place(spot: int, starts: list[int], heard: list[int]) -> int:
    """Where in the raw bytes a place of the decoded ones is; an escape is one place."""
    number = bisect_right(heard, spot) - 1
    return starts[number] + (spot - heard[number] if number % 2 == 0 else 0)
