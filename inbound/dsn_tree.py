"""The parts of a failure report: its words, its status fields, the returned copy. Bounded and total.

Reports are short; what is not is a returned copy at their end, of which the header is enough. So only the beginning
of a mail is looked at, and only with the standard library, which never raises on what it is given here.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from html import unescape

from inbound.charset import clean_text, decode_bytes

MAX_HEADER = 64_000  # bytes of the header block
MAX_BODY = 250_000  # bytes after it
MAX_LINE = 998  # RFC 5322 section 2.1.1
MAX_FIELD = 2000  # bytes of one Content-... field
MAX_TEXT = 100_000  # characters of the words
_MAX_PARTS = 200
_MAX_DEPTH = 20

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status", "text/delivery-status"})
COPY_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/rfc822-headers",
        "message/global-headers",
        "text/rfc822-headers",
        "text/rfc822",
    }
)
_TAG = re.compile(r"<(/?[a-zA-Z!][^<>]{0,2000})>")
_BREAKS = re.compile(r"/?(br|p|div|tr|td|th|li|table|h[1-6]|pre|blockquote)\b", re.IGNORECASE)


def read_tree(raw: bytes, *, max_body: int = MAX_BODY, max_line: int = MAX_LINE) -> Message:
    """The beginning of a mail as a tree; what is nested too deeply is its header alone."""
    head, _, body = raw.lstrip(b"\r\n").replace(b"\r\n", b"\n").partition(b"\n\n")
    head, body = (_tamed(text, max_line=max_line) for text in (head[:MAX_HEADER], body[:max_body]))
    try:
        return message_from_bytes(head + b"\n\n" + body)
    except RecursionError:
        return message_from_bytes(head + b"\n\n")


def walk(message: Message) -> Iterator[Message]:
    """The parts without parts below them, in order; nothing inside a returned copy or a status part."""
    stack = [(message, 0)]
    seen = 0
    while stack and seen < _MAX_PARTS:
        part, depth = stack.pop()
        seen += 1
        children = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(children, list):
            if depth < _MAX_DEPTH:
                stack.extend((child, depth + 1) for child in reversed(children) if isinstance(child, Message))
            continue
        yield part


def words(message: Message) -> str:
    """What a reader of the report is told: its plain texts, or else its HTML as text."""
    leaves = list(walk(message))
    for kind, reading in (("text/plain", str), ("text/html", _without_tags)):
        texts = [reading(part_text(part)[:MAX_TEXT]) for part in leaves if part.get_content_type() == kind]
        text = clean_text("\n".join(texts))[:MAX_TEXT]
        if text.strip():
            return text
    return ""


def part_text(part: Message) -> str:
    """The text of a part, decoded; of a status part or a returned copy, as it was sent."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return _decoded(part, "\n".join(source(child) for child in payload if isinstance(child, Message)))
    try:
        data = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        data = None
    charset = _charset(part)
    return decode_bytes(data, charset) if isinstance(data, bytes) else str(payload or "")


def source(message: Message) -> str:
    """A message's header and, where it has no parts, its body, as text; what the parser could not read included."""
    fields = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
    payload = message.get_payload()
    return f"{fields}\n{payload if isinstance(payload, str) else ''}"


def headers_text(message: Message, name: str) -> str:
    """Every value of a header, raw, on lines."""
    return "\n".join(str(value) for field, value in message.raw_items() if field.lower() == name.lower())


def _tamed(text: bytes, *, max_line: int) -> bytes:
    """Lines cut to `max_line`, and fields like Content-Type to a sane length: the library reads their parameters in
    quadratic time."""
    kept: list[bytes] = []
    room: int | None = None  # bytes that the field may still have; None outside of such a field
    for line in text.split(b"\n"):
        if line[:8].lower() == b"content-":
            room = MAX_FIELD
        elif line[:1] not in {b" ", b"\t"}:
            room = None
        if room is None or room > 0:
            kept.append(line[:max_line])
        if room is not None:
            room -= len(line)
    return b"\n".join(kept)


def _decoded(part: Message, text: str) -> str:
    """The text of a status part or a copy that somebody encoded, which RFC 2046 section 5.2.1 forbids."""
    encoding = headers_text(part, "content-transfer-encoding").strip().lower()
    if encoding not in {"base64", "quoted-printable"}:
        return text
    bare = Message()
    bare["Content-Transfer-Encoding"] = encoding
    bare.set_payload(text.lstrip("\n"))
    try:
        data = bare.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        return text
    decoded = decode_bytes(data, None) if isinstance(data, bytes) else ""
    return decoded if ":" in decoded else text


def _charset(part: Message) -> str | None:
    try:
        value = part.get_param("charset")
    except (LookupError, ValueError, TypeError):
        return None
    return str(value[2] if isinstance(value, tuple) else value) if value else None


def _without_tags(html: str) -> str:
    """HTML as lines of text, in linear time: good enough to find sentences and addresses."""
    return unescape(_TAG.sub(lambda tag: "\n" if _BREAKS.match(tag[1]) else " ", html))
