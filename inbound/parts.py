"""The tree of parts: which are text to show, which are files, and how to find a file again in the raw mail."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from hashlib import sha256

from gateway.mail.parsed import MailFile
from inbound.charset import clean_line, decode_bytes
from inbound.header_text import decode_header

MAX_PARTS = 1000
MAX_DEPTH = 50
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A part without parts below it (a nested message counts as one). `position` numbers leaves in order."""

    position: int
    part: Message
    is_text: bool


def leaves(message: Message) -> Iterator[Leaf]:
    """The leaves in order, at most 1,000, at most 50 levels deep. Nothing inside a nested message counts."""
    stack: list[tuple[Message, int]] = [(message, 0)]
    position = 0
    while stack and position < MAX_PARTS:
        part, depth = stack.pop()
        children = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(children, list) and depth < MAX_DEPTH:
            stack.extend((child, depth + 1) for child in reversed(children) if isinstance(child, Message))
            continue
        yield Leaf(position=position, part=part, is_text=_is_displayed(part))
        position += 1


def leaf_bytes(part: Message) -> bytes:
    """The decoded content of a leaf; of a nested message its source; total."""
    if part.get_content_type() == "message/rfc822" or part.is_multipart():
        nested = part.get_payload()
        if isinstance(nested, list):
            return b"\n".join(_source(child) for child in nested if isinstance(child, Message))
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def leaf_text(part: Message) -> str:
    """The text of a displayed leaf."""
    return decode_bytes(leaf_bytes(part), charset_of(part))


def parameter(part: Message, name: str) -> str:
    """A parameter of Content-Type; "" where there is none or where it cannot be read. Total, unlike the library's."""
    try:
        value = part.get_param(name)
    except (LookupError, ValueError, TypeError):
        return ""
    return clean_line(str(value[2] if isinstance(value, tuple) else value or ""))


def charset_of(part: Message) -> str | None:
    """The declared charset of a part, or None."""
    return parameter(part, "charset") or None


def describe_file(leaf: Leaf) -> MailFile:
    """What to remember of a file."""
    content = leaf_bytes(leaf.part)
    return MailFile(
        position=leaf.position,
        name=file_name(leaf.part) or f"part-{leaf.position + 1}{_extension(leaf.part)}",
        type=clean_line(leaf.part.get_content_type())[:200],
        size=len(content),
        sha256=sha256(content).hexdigest(),
    )


def file_name(part: Message) -> str:
    """The name that a part claims, decoded, on one line, without direction overrides; "" where it claims none.

    It may hold slashes and anything else: it is shown, never used as a path.
    """
    try:
        claimed = part.get_filename("")
    except (LookupError, ValueError, TypeError):
        claimed = ""
    name = _DIRECTION.sub("", decode_header(str(claimed)))[:200]
    if not name and part.get_content_type() == "message/rfc822":
        nested = part.get_payload()
        if isinstance(nested, list) and nested and isinstance(nested[0], Message):
            name = (_DIRECTION.sub("", decode_header(str(nested[0].get("subject", ""))))[:190] or "message") + ".eml"
    return clean_line(name)


def _is_displayed(part: Message) -> bool:
    disposition = (part.get_content_disposition() or "").lower()
    return (
        part.get_content_type() in {"text/plain", "text/html"}
        and disposition != "attachment"
        and not (parameter(part, "name") or file_name(part))
    )


def _extension(part: Message) -> str:
    subtype = part.get_content_subtype()
    return f".{subtype}" if subtype.isalnum() and len(subtype) <= 5 else ".bin"


def _source(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except (UnicodeError, LookupError, ValueError, TypeError, KeyError, AttributeError):
        return message.as_string().encode("utf-8", "surrogateescape")
