"""Header text to values: encoded words (RFC 2047), raw 8-bit bytes. Total and linear: no input raises."""

import re

from inbound.charset import clean_line, decode_bytes
from inbound.transfer import decode_base64

_OPENING = re.compile(r"=\?([^?\s]{1,60}?)(?:\*[^?\s]{0,20})?\?([bBqQ])\?")
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
MAX_DECODED = 16_000  # characters of a header that are decoded


def decode_header(raw: str) -> str:
    """A header's text on one line: bytes beyond ASCII by the charset ladder, encoded words decoded.

    Broken words are read as mailers mean them: with spaces in them, glued to each other or to text, cut off,
    folded in the middle. Neighbours of one charset are joined before decoding, because mailers cut characters in two.
    """
    text = raw_text(raw[:MAX_DECODED])
    if "=?" not in text:
        return _one_line(text)
    shown: list[str] = []
    pending: list[tuple[str, bytes]] = []
    position = 0
    for start, end, charset, data in _words(text):
        between = text[position:start]
        if between.strip() or not pending:
            shown += [_decoded(pending), between]
            pending = []
        pending.append((charset, data))
        position = end
    return _one_line("".join([*shown, _decoded(pending), text[position:]]))


def _one_line(text: str) -> str:
    """One line that runs in the direction of its letters: an override would turn what stands behind it, too."""
    return clean_line(_OVERRIDES.sub("", text))


def raw_text(raw: str) -> str:
    """Header text whose bytes beyond ASCII, if any, stand in it as surrogates (as the parser leaves them)."""
    if raw.isascii():
        return raw
    return decode_bytes(raw.encode("utf-8", "surrogateescape"), "utf-8")


def _words(text: str) -> list[tuple[int, int, str, bytes]]:
    """The encoded words: start, end, charset, content."""
    found = []
    position = text.find("=?")
    while position >= 0:
        opening = _OPENING.match(text, position)
        if opening is None:
            position = text.find("=?", position + 2)
            continue
        end = text.find("?=", opening.end())
        # A word may end in "=" before its "?=": "=?utf-8?q?=?=" is none, but "...=3D?=" is the usual case.
        body = text[opening.end() : end] if end >= 0 else text[opening.end() :].rstrip("?")
        after = end + 2 if end >= 0 else len(text)
        found.append((position, after, opening[1], _word_bytes(opening[2], body)))
        position = text.find("=?", after)
    return found


def _decoded(pending: list[tuple[str, bytes]]) -> str:
    """Neighbouring words, those of one charset together."""
    text: list[str] = []
    index = 0
    while index < len(pending):
        charset, pieces = pending[index][0].lower(), []
        while index < len(pending) and pending[index][0].lower() == charset:
            pieces.append(pending[index][1])
            index += 1
        text.append(decode_bytes(b"".join(pieces), charset))
    return "".join(text)


def _word_bytes(encoding: str, body: str) -> bytes:
    data = body.encode("utf-8", "surrogateescape")
    if encoding in "bB":
        return decode_base64(data)
    folded = data.replace(b"\r", b"").replace(b"\n", b"").replace(b"_", b" ")
    return _HEX.sub(lambda found: bytes([int(found[1], 16)]), folded)
