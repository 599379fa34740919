"""Content transfer encodings (RFC 2045 section 6) undone. Total: what is broken is decoded as far as it goes."""

import binascii
import quopri
import re
from io import BytesIO

# A line of words: some mailers label what they never encoded.
_WORDS = re.compile(rb"\s*(?=[^\n]*[^A-Za-z0-9+/=\s])[^\s]+ [^\n]*")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_transfer(data: bytes, encoding: str) -> bytes:
    """The content of a body. An encoding that nobody knows leaves it as it is."""
    match encoding.strip().strip("\"'").lower():
        case "base64" | "b":
            return decode_base64(data)
        case "quoted-printable" | "quoted-printible" | "q":
            return quopri.decodestring(data)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return _decode_uu(data)
        case _:
            return data


def decode_base64(data: bytes) -> bytes:
    """Base64 with whatever stands between its characters, and without its padding; what begins with words is none."""
    if _WORDS.match(data, 0, 1000):
        return data
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        pass
    kept = _NOT_BASE64.sub(b"", data.partition(b"=")[0])
    kept = kept[:-1] if len(kept) % 4 == 1 else kept
    try:
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
    except binascii.Error:
        return data


def _decode_uu(data: bytes) -> bytes:
    decoded = bytearray()
    begun = False
    for line in BytesIO(data):
        if not begun:
            begun = line.startswith(b"begin ")
        elif line.strip() == b"end":
            break
        else:
            decoded += _decode_uu_line(line.rstrip(b"\r\n"))
    return bytes(decoded) if begun else data


def _decode_uu_line(line: bytes) -> bytes:
    # Some encoders count the padding of a line: what its first byte says is what is there.
    length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
    for candidate in (line, line[:length]):
        try:
            return binascii.a2b_uu(candidate)
        except binascii.Error:
            continue
    return b""
