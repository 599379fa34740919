"""Which mail came back: the Message-ID in the returned copy, or in what the report itself says of it."""

import re
from email.message import Message

from gateway.mail.message_id import parse_message_ids
from inbound.dsn_fields import read_fields
from inbound.dsn_tree import COPY_TYPES, headers_text, part_text, source, walk

_MAX_HEADER = 64_000  # characters
_ID_FIELD = re.compile(
    r"^[ \t>|*]{0,8}Message-I[dD]:[ \t]*(.{0,400}(?:\n[ \t>|]+<.{0,400})?)", re.IGNORECASE | re.MULTILINE
)
_IDS_OF_STATUS = ("x-original-message-id", "original-message-id")


def original_message_id(message: Message, *, status: str, words: str) -> str | None:
    """The Message-ID of the mail that came back, without brackets; None where nothing tells it.

    Looked for in this order: the header of the returned copy, as a part of its own; the status fields; a copy
    below the report's words; the report's own In-Reply-To and References.
    """
    for part in walk(message):
        if part.get_content_type() in COPY_TYPES and (found := _first_id(_id_of_copy(part))):
            return found
    for group in read_fields(status):
        for name in _IDS_OF_STATUS:
            if found := _first_id(group.get(name, "")):
                return found
    for below in _ID_FIELD.finditer(words):
        if found := _first_id(below[1]):
            return found
    return _first_id(headers_text(message, "in-reply-to")) or _last_id(headers_text(message, "references"))


def _id_of_copy(part: Message) -> str:
    """The text of the copy's Message-ID field, "" where it has none."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        if found := headers_text(payload[0], "message-id"):
            return found
        text = part_text(part) or source(payload[0])
    else:
        text = part_text(part)
    found_below = _ID_FIELD.search(text[:_MAX_HEADER])
    return found_below[1] if found_below else ""


def _first_id(text: str) -> str | None:
    ids = parse_message_ids(text)
    return ids[0] if ids else None


def _last_id(text: str) -> str | None:
    ids = parse_message_ids(text)
    return ids[-1] if ids else None
