"""Rich text as plain text, also where it is compressed as in winmail.dat (MS-OXRTFCP). Pure, linear, bounded."""

import re
from struct import Struct

from inbound.bounds import MAX_TEXT
from inbound.charset import decode_bytes

_HEADER = Struct("<IIII")
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_MOST = 8 * MAX_TEXT  # bytes after decompression; rich text is mostly markup
_FIRST_WORDS = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier"
    b"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_HIDDEN = {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"generator"}
_BREAKS = {b"par": "\n", b"line": "\n", b"tab": "\t", b"cell": "\t", b"row": "\n", b"sect": "\n\n", b"page": "\n\n"}
_SIGNS = {b"endash": "–", b"emdash": "—", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”"}
_SIGNS |= {b"bullet": "•", b"emspace": " ", b"enspace": " "}


class RtfError(ValueError):
    """This is no sound compressed rich text."""


def decompress_rtf(data: bytes) -> bytes:
    """Undo the compression, at most 4 MB. Raises RtfError."""
    if len(data) < _HEADER.size:
        raise RtfError("no header")
    _, size, kind, _ = _HEADER.unpack_from(data)
    if kind == _PLAIN:
        return data[16 : 16 + min(size, _MOST)]
    if kind != _COMPRESSED:
        raise RtfError("unknown compression")
    ring = bytearray(_FIRST_WORDS.ljust(4096, b"\0"))
    write, position, shown, most = len(_FIRST_WORDS), 16, bytearray(), min(size, _MOST)
    while position < len(data) and len(shown) < most:
        flags = data[position]
        position += 1
        for bit in range(8):
            if not flags >> bit & 1:
                piece = data[position : position + 1]
                position += 1
            else:
                offset, length, position = *_reference(data, position), position + 2
                if offset == write:
                    return bytes(shown)
                piece = bytes(_repeated(ring, offset, length, write))
            for byte in piece:
                ring[write] = byte
                write = (write + 1) % 4096
            shown += piece
    return bytes(shown[:most])


def rtf_to_text(rtf: bytes) -> str:
    """The words of a rich text, of HTML in rich text (MS-OXRTFEX) too."""
    reader = _Reader()
    for token in _TOKEN.finditer(rtf):
        word, number, byte, symbol, brace, text = token.groups()
        if brace:
            reader.brace(brace)
        elif word:
            reader.word(word, number)
        elif byte:
            reader.take(bytes([int(byte, 16)]))
        elif symbol == b"*":
            reader.hide()
        elif symbol:
            reader.take({b"~": b"\xa0", b"_": b"-", b"\n": b"\n", b"\r": b"\n"}.get(symbol, symbol))
        elif text:
            reader.take(text)
    return reader.shown()


class _Reader:
    """The state of a reader of rich text: what is hidden in the groups that are open, and the text so far."""

    def __init__(self) -> None:
        self._hidden = [False]
        self._parts: list[str] = []
        self._pending = bytearray()
        self._charset = "cp1252"
        self._skip, self._skip_each = 0, 1
        self._is_markup = False  # between \htmlrtf and \htmlrtf0 stands what is for readers without HTML

    def brace(self, brace: bytes) -> None:
        if brace == b"{":
            self._hidden.append(self._hidden[-1])
        elif len(self._hidden) > 1:
            self._hidden.pop()
        self._skip = 0

    def hide(self) -> None:
        self._hidden[-1] = True

    def word(self, word: bytes, number: bytes | None) -> None:
        if word in _HIDDEN:
            self.hide()
        elif word == b"ansicpg" and number:
            self._charset = f"cp{int(number)}"
        elif word == b"htmlrtf":
            self._is_markup = number != b"0"
        elif word == b"uc" and number:
            self._skip_each = max(0, min(int(number), 10))
        elif word == b"u" and number:
            self._add(chr(int(number) % 65536))
            self._skip = self._skip_each
        elif word in _BREAKS or word in _SIGNS:
            self._add(_BREAKS.get(word) or _SIGNS[word])

    def take(self, data: bytes) -> None:
        """Text, less the characters that stand in for one that was named by its number."""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        if not self._hidden[-1] and not self._is_markup:
            self._pending += data[skipped:]

    def shown(self) -> str:
        self._flush()
        text = "".join(self._parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return "\n".join(line.rstrip() for line in text.split("\n")).strip()

    def _add(self, text: str) -> None:
        if not self._hidden[-1] and not self._is_markup:
            self._flush()
            self._parts.append(text)

    def _flush(self) -> None:
        if self._pending:
            self._parts.append(decode_bytes(bytes(self._pending), self._charset))
            self._pending.clear()


def _reference(data: bytes, position: int) -> tuple[int, int]:
    if position + 2 > len(data):
        raise RtfError("cut off")
    value = int.from_bytes(data[position : position + 2], "big")
    return value >> 4, (value & 15) + 2


def _repeated(ring: bytearray, offset: int, length: int, write: int) -> bytearray:
    """Bytes of the ring; a reference may reach into what it is just writing."""
    available = (write - offset) % 4096
    found = bytearray(ring[(offset + index) % 4096] for index in range(min(length, available)))
    while available and len(found) < length:
        found.append(found[len(found) - available])
    return found
