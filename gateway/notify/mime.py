"""Writing mail: header fields that cannot be broken out of, and a text and an HTML part (RFC 5322, 2045-2047).

Written here and not by `email.message`, because its folding encodes long ids and addresses as if they were
prose, which breaks threading, and because a value with CR, LF or NUL must be refused whatever field it is for.
"""

import binascii
import re
from collections.abc import Sequence
from email.header import Header

from gateway.errors import Refused

MAX_LINE = 998  # bytes without CRLF (RFC 5322 section 2.1.1)
_FOLD_AT = 76
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


class UnsafeHeader(Refused):
    """A header value that would not stay within its field."""


def field(name: str, words: Sequence[str]) -> str:
    """One header field from words that are never split, folded between them, with its CRLF.

    Raises UnsafeHeader for a control character anywhere and for a word that no line can hold.
    """
    if not _NAME.fullmatch(name):
        raise UnsafeHeader("not the name of a header field")
    lines = [f"{name}:"]
    for word in words:
        _refuse_breaking(name, word)
        if len(lines[-1]) + 1 + len(word) > _FOLD_AT and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    if any(len(line.encode()) > MAX_LINE for line in lines):
        raise UnsafeHeader(f"{name}: longer than a line may be")
    return "\r\n".join(lines) + "\r\n"


def text_field(name: str, text: str) -> str:
    """A field of prose: plain where it is ASCII, encoded words where it is not (RFC 2047)."""
    _refuse_breaking(name, text)
    return field(name, _prose(text))


def ids_field(name: str, ids: Sequence[str]) -> str:
    """A field of Message-IDs, given without brackets."""
    return field(name, [f"<{message_id}>" for message_id in ids])


def address_field(name: str, address: str, *, display: str = "") -> str:
    """A field with one mailbox; the display name is quoted or encoded as it needs."""
    if not display:
        return field(name, [address])
    _refuse_breaking(name, display)
    if display.isascii() and not _ATOMS.fullmatch(display):
        escaped = display.replace("\\", "\\\\").replace('"', '\\"')
        return field(name, [*f'"{escaped}"'.split(), f"<{address}>"])
    return field(name, [*_prose(display), f"<{address}>"])


def alternative(*, text: str, html: str, boundary: str) -> bytes:
    """The content of a mail with a text and an HTML part, its own header fields in front.

    `boundary` must begin with `=_`: no line of a quoted-printable part can hold that.
    """
    assert boundary.startswith("=_"), "such a boundary cannot occur in what it separates"
    head = field("MIME-Version", ["1.0"]) + field("Content-Type", ["multipart/alternative;", f'boundary="{boundary}"'])
    parts = [
        f'--{boundary}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: quoted-printable\r\n\r\n{_quoted_printable(content)}\r\n"
        for subtype, content in (("plain", text), ("html", html))
    ]
    return f"{head}\r\n{''.join(parts)}--{boundary}--\r\n".encode("ascii")


def _refuse_breaking(name: str, value: str) -> None:
    if _BREAKING.search(value):
        raise UnsafeHeader(f"{name}: a control character in the value")


def _prose(text: str) -> list[str]:
    if text.isascii() and "=?" not in text:
        return text.split()
    # The first line of a field is shorter by its name; 20 is more than the longest that we write.
    return Header(text, charset="utf-8", maxlinelen=_FOLD_AT, header_name="x" * 20).encode(linesep="\n").split("\n ")


def _quoted_printable(text: str) -> str:
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    # Given CRLF, `b2a_qp` would still break a long first line with a bare LF.
    return binascii.b2a_qp(unix.encode(), istext=True).decode("ascii").replace("\n", "\r\n")
