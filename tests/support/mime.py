"""Mails of parts, and envelopes of other kinds, written byte by byte for the tests of the parser."""

from struct import pack

HEAD = b"From: a@x.example\nTo: b@x.example\nSubject: x\n"


def multipart(kind: str, *parts: bytes, parameters: str = "") -> bytes:
    """A whole mail with these parts; each is a header block, a blank line and a body."""
    lines = b"".join(b"--edge\n" + part + b"\n" for part in parts)
    return HEAD + f"Content-Type: multipart/{kind}; boundary=edge{parameters}\n\n".encode() + lines + b"--edge--\n"


def part(kind: str, body: bytes, *more: str) -> bytes:
    """One part: its Content-Type, its body, further header lines."""
    return "\n".join([f"Content-Type: {kind}", *more, "", ""]).encode() + body


def tnef(*records: tuple[int, bytes]) -> bytes:
    """A winmail.dat of records (MS-OXTNEF section 2.1.3)."""
    written = [pack("<IH", 0x223E9F78, 1)]
    for name, data in records:
        level = 2 if name in {0x800F, 0x8010, 0x9002, 0x9005} else 1
        written.append(pack("<BHHI", level, name, 6, len(data)) + data + pack("<H", sum(data) & 0xFFFF))
    return b"".join(written)


def tnef_properties(*properties: tuple[int, int, bytes]) -> bytes:
    """Properties of a record: kind, id, value; all but kind 3 (a number) have a length."""
    written = [pack("<I", len(properties))]
    for kind, name, data in properties:
        written.append(pack("<HH", kind, name))
        size = b"" if kind == 3 else pack("<II", 1, len(data))
        written.append(size + data + b"\0" * (-len(data) % 4))
    return b"".join(written)


def der(tag: int, *content: bytes) -> bytes:
    """An element of DER."""
    data = b"".join(content)
    length = bytes([len(data)]) if len(data) < 128 else b"\x84" + len(data).to_bytes(4, "big")
    return bytes([tag]) + length + data


def open_ended(tag: int, *content: bytes) -> bytes:
    """An element without a length, as mailers write what they sign while they read it (BER)."""
    return bytes([tag]) + b"\x80" + b"".join(content) + b"\0\0"
