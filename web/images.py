"""Is a file a raster image that may be shown small? By what is in it, never by its name or claimed type."""

import struct

MAX_PIXELS = 40_000_000
"""A browser unpacks an image whole, so one of a few kB may take gigabytes; no screenshot or photograph is larger."""


def raster_type(content: bytes) -> str | None:
    """The type of a PNG, JPEG, GIF or WebP image of bearable size; None for anything else."""
    found = _find(content)
    if found is None:
        return None
    kind, width, height = found
    return kind if 0 < width * height <= MAX_PIXELS else None


def _find(content: bytes) -> tuple[str, int, int] | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and len(content) >= 24:
        return "image/png", *struct.unpack(">II", content[16:24])
    if content[:6] in {b"GIF87a", b"GIF89a"} and len(content) >= 10:
        return "image/gif", *struct.unpack("<HH", content[6:10])
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP" and len(content) >= 30:
        size = _webp_size(content)
        return None if size is None else ("image/webp", *size)
    size = _jpeg_size(content) if content.startswith(b"\xff\xd8\xff") else None
    return None if size is None else ("image/jpeg", *size)


def _webp_size(content: bytes) -> tuple[int, int] | None:
    """The three kinds of first chunk (RFC 9649, section 2)."""
    chunk = content[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """From the frame header, the first marker SOF (ITU T.81, B.2.2); the segments before it are stepped over."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big") if marker != 0xFF else 1
    return None
