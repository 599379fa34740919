"""What an S/MIME envelope is, and the mail inside one that is only signed (RFC 8551, RFC 5652). Never verifies.

A walk through the DER, or the BER that mailers write, to the one octet string that is wanted. Pure and bounded;
the libraries that read all of CMS would read certificates, too, and none of them verifies.
"""

from enum import StrEnum
from typing import NamedTuple

_SEQUENCE, _EXPLICIT, _OID, _OCTETS, _OCTET_PIECES = 0x30, 0xA0, 0x06, 0x04, 0x24
_MAX_DEPTH = 20
_MAX_ELEMENTS = 500_000
_KINDS = {
    bytes.fromhex("2a864886f70d010702"): "signed",
    bytes.fromhex("2a864886f70d010703"): "encrypted",
    bytes.fromhex("2a864886f70d0109100117"): "encrypted",  # authenticated
}


class SmimeError(ValueError):
    """This is no sound S/MIME envelope."""


class SmimeKind(StrEnum):
    """What an envelope does to its content."""

    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    OTHER = "other"


class _Element(NamedTuple):
    """`end` is where the content ends, `after` where the next element begins."""

    tag: int
    start: int
    end: int
    after: int


def open_smime(data: bytes) -> tuple[SmimeKind, bytes]:
    """The kind of an envelope and, of a signed one, its content; b"" where the content is elsewhere.

    Raises SmimeError.
    """
    walk = _Walk(data)
    try:
        outer = walk.element(0, _SEQUENCE)
        kind = walk.element(outer.start, _OID)
        found = SmimeKind(_KINDS.get(data[kind.start : kind.end], "other"))
        if found is not SmimeKind.SIGNED:
            return found, b""
        signed = walk.element(walk.element(kind.after, _EXPLICIT).start, _SEQUENCE)
        version = walk.element(signed.start)
        algorithms = walk.element(version.after)
        content = walk.element(algorithms.after, _SEQUENCE)
        content_type = walk.element(content.start, _OID)
        if content_type.after >= content.end or data[content_type.after] != _EXPLICIT:
            return found, b""
        return found, walk.octets(walk.element(content_type.after, _EXPLICIT).start)
    except IndexError as error:
        raise SmimeError("cut off") from error


class _Walk:
    """Reads elements of one envelope, not more of them than an honest one has."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _MAX_ELEMENTS

    def octets(self, position: int) -> bytes:
        """An octet string, whole or in pieces."""
        element = self.element(position)
        if element.tag == _OCTETS:
            return self._data[element.start : element.end]
        if element.tag != _OCTET_PIECES:
            raise SmimeError("no octets")
        pieces, position = [], element.start
        while position < element.end:
            piece = self.element(position, _OCTETS)
            pieces.append(self._data[piece.start : piece.end])
            position = piece.after
        return b"".join(pieces)

    def element(self, position: int, tag: int | None = None, depth: int = 0) -> _Element:
        """The element at a position. Raises SmimeError where it is none, or not of the wanted tag."""
        self._left -= 1
        found, length = self._data[position], self._data[position + 1]
        if self._left < 0 or depth > _MAX_DEPTH or (tag is not None and found != tag):
            raise SmimeError(f"tag {found:02x}, depth {depth}")
        start = position + 2
        if length == 0x80:
            end = self._end_of_open(start, depth)
            return _Element(found, start, end, end + 2)
        if length > 0x80:
            size = length & 0x7F
            length = int.from_bytes(self._data[start : start + min(size, 8)], "big")
            start += size
        if start + length > len(self._data):
            raise SmimeError("longer than the file")
        return _Element(found, start, start + length, start + length)

    def _end_of_open(self, position: int, depth: int) -> int:
        """Where the content of an element without a length ends: at two zeros."""
        while self._data[position] or self._data[position + 1]:
            position = self.element(position, None, depth + 1).after
        return position
