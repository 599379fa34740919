"""The value and parameters of Content-Type and Content-Disposition (RFC 2045 section 5.1, RFC 2231). Total, linear.

The standard library's reader is quadratic in quotes, raises on odd section numbers and drops what is not quoted.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import unquote_to_bytes

from inbound.charset import decode_bytes

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?', re.DOTALL)
_PLAIN = re.compile(r"[^;]*")
_NAME = re.compile(r"[\s;]*([^\s=;]*)\s*=?\s*")
_MOST = 100  # parameters of one field
_SECTION = re.compile(r"([^*]+)(?:\*([0-9]{1,3}))?(\*)?")


def split_value(text: str) -> tuple[str, dict[str, str]]:
    """The value before the first semicolon, lower case, and the parameters by lower-case name, the first one counts.

    Sections are joined and percent-encoding is undone (RFC 2231); RFC 2047 words are left to the caller. Without a
    value ("; name=x", "name=x") the value is empty.
    """
    value, _, rest = text.partition(";")
    if "=" in value and "/" not in value.partition("=")[0]:
        value, rest = "", text
    return " ".join(value.split()).lower(), _joined(islice(_parameters(rest), _MOST))


def _parameters(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        name = _NAME.match(text, position)
        assert name is not None, "every part of it may be empty"
        position = max(name.end(), position + 1)
        if not name[1] or "=" not in name[0]:
            position = text.find(";", name.start(1))
            if position < 0:
                return
            position += 1
            continue
        quoted = _QUOTED.match(text, name.end())
        value = quoted or _PLAIN.match(text, name.end())
        assert value is not None, "a plain value may be empty"
        yield name[1].lower(), re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else value[0].strip()
        position = max(value.end(), position)


def _joined(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, value in found:
        match = _SECTION.fullmatch(name)
        if match is None or (match[2] is None and match[3] is None):
            plain.setdefault(name, value)
        else:
            sections.setdefault(match[1], {}).setdefault(int(match[2] or 0), (match[3] is not None, value))
    for name, pieces in sections.items():
        plain[name] = _decode_sections([pieces[number] for number in sorted(pieces)])
    return plain


def _decode_sections(pieces: list[tuple[bool, str]]) -> str:
    """The pieces of one value; each says whether it is percent-encoded; the first names the charset."""
    charset, data = None, b""
    is_encoded, first = pieces[0]
    if is_encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
    for encoded, text in [(is_encoded, first), *pieces[1:]]:
        raw = text.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(raw) if encoded else raw
    if not any(encoded for encoded, _ in pieces):
        return data.decode("utf-8", "surrogateescape")
    return decode_bytes(data, charset)
