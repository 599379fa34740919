"""Header text to values: encoded words (RFC 2047), raw 8-bit bytes, addresses. Total: no input raises."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterable
from email.utils import getaddresses

from gateway.mail.address import is_address, normalise_address
from gateway.mail.parsed import Mailbox
from inbound.charset import clean_line, decode_bytes

_WORD = re.compile(r"=\?([^?\s]{1,40}?)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)\s+(?==\?[^?\s]+\?[bBqQ]\?[^?]*\?=)")
MAX_ADDRESSES = 500


def decode_header(raw: str) -> str:
    """A header's text on one line: bytes beyond ASCII by the charset ladder, encoded words decoded.

    Neighbouring words of one charset are joined before decoding, because mailers cut characters in two.
    """
    text = raw_text(raw)
    if "=?" not in text:
        return clean_line(text)
    joined = _BETWEEN_WORDS.sub(r"\1", text)
    pieces: list[str] = []
    pending: list[tuple[str, bytes]] = []
    position = 0
    for word in _WORD.finditer(joined):
        between = joined[position : word.start()]
        if between:
            pieces.append(_flush(pending))
            pieces.append(between)
        pending.append((word[1], _word_bytes(word[2], word[3])))
        position = word.end()
    pieces += [_flush(pending), joined[position:]]
    return clean_line("".join(pieces))


def raw_text(raw: str) -> str:
    """Header text whose bytes beyond ASCII, if any, stand in it as surrogates (as the parser leaves them)."""
    if raw.isascii():
        return raw
    return decode_bytes(raw.encode("utf-8", "surrogateescape"), "utf-8")


def parse_mailboxes(values: Iterable[str]) -> tuple[Mailbox, ...]:
    """The mailboxes of address headers, in order, groups opened; what is no plain address is left out.

    The structure is read before encoded words are decoded: a decoded comma or angle bracket is part of a name.
    """
    texts = [_unfold(raw_text(value)) for value in values]
    texts = [text[: MAX_ADDRESSES * 60] for text in texts]
    found = []
    try:
        pairs = getaddresses(texts)
    except (RecursionError, ValueError, IndexError, AttributeError):
        pairs = []
    for name, address in pairs[:MAX_ADDRESSES]:
        plain = normalise_address(address)
        if is_address(plain):
            found.append(Mailbox(name=decode_header(name)[:200], address=plain))
    return tuple(found)


def _unfold(text: str) -> str:
    return re.sub(r"[\r\n]+[ \t]*", " ", text)


def _flush(pending: list[tuple[str, bytes]]) -> str:
    """Decode the words collected so far, those of one charset together, and forget them."""
    text = ""
    while pending:
        charset, data = pending.pop(0)
        while pending and pending[0][0].lower() == charset.lower():
            data += pending.pop(0)[1]
        text += decode_bytes(data, charset)
    return text


def _word_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return quopri.decodestring(data.replace(b"_", b" "), header=False)
    stripped = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    if len(stripped) % 4 == 1:
        stripped = stripped[:-1]
    try:
        return base64.b64decode(stripped + b"=" * (-len(stripped) % 4))
    except binascii.Error:
        return data
