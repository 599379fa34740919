"""Content transfer encodings (RFC 2045 section 6) undone. Total: what is broken is decoded as far as it goes."""

import binascii
import quopri
import re

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
    """Base64 with whatever stands between its characters, and without its padding."""
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
    decoded: list[bytes] = []
    begun = False
    for line in data.splitlines():
        if not begun:
            begun = line.startswith(b"begin ")
            continue
        if line.strip() == b"end":
            break
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders count the line's padding; what the length byte says is what is there.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                decoded.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                continue
    return b"".join(decoded) if begun else data
