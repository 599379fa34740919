"""Bytes to a ParsedMessage. Total: whatever comes in, something sensible comes out and nothing raises.

mail-parser builds the tree and names the defects; around it stand our guards (size of the header block, depth)
and our own reading of ids, addresses and text, where its answers are known to be wrong. A mail that it cannot
take at all is read for its header alone, and the body says so by being empty; the raw mail is kept in any case.
"""

import logging
from email import message_from_bytes
from email.message import Message
from hashlib import sha256

import mailparser
from mailparser.exceptions import MailParserError

from gateway.mail.headers import Headers
from gateway.mail.message_id import parse_message_ids
from gateway.mail.parsed import ParsedMessage
from inbound.body import body_text
from inbound.charset import clean_line, clean_text
from inbound.header_text import decode_header, parse_mailboxes, raw_text
from inbound.parts import describe_file, leaf_bytes, leaves, parameter

MAX_HEADER_BYTES = 1_000_000
MAX_SUBJECT = 500

# Its warnings quote subjects and file names.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)


def parse_message(raw: bytes) -> ParsedMessage:
    """Understand a mail."""
    message, defects = _read(_without_envelope_line(raw))
    headers = Headers.from_pairs((clean_line(name), clean_text(raw_text(value))) for name, value in _raw_items(message))
    found = list(leaves(message)) if not isinstance(message.get_payload(), str) or message.get_payload() else []
    ids = parse_message_ids("".join(headers.all("message-id")[:1]))
    return ParsedMessage(
        headers=headers,
        subject=decode_header("".join(headers.all("subject")[:1]))[:MAX_SUBJECT],
        senders=parse_mailboxes(headers.all("from")),
        reply_to=parse_mailboxes(headers.all("reply-to")),
        recipients=parse_mailboxes([*headers.all("to"), *headers.all("cc")]),
        date=headers.first("date"),
        message_id=ids[0] if ids else None,
        in_reply_to=parse_message_ids(" ".join(headers.all("in-reply-to"))),
        references=parse_message_ids(" ".join(headers.all("references"))),
        content_type=clean_line(message.get_content_type()),
        report_type=parameter(message, "report-type").lower(),
        text=body_text([leaf for leaf in found if leaf.is_text]),
        files=tuple(describe_file(leaf) for leaf in found if not leaf.is_text),
        body_sha256=_body_sum(raw),
        defects=defects,
    )


def read_file(raw: bytes, position: int) -> bytes:
    """The content of the file that `ParsedMessage.files` lists with this position. Raises IndexError."""
    message, _ = _read(_without_envelope_line(raw))
    for leaf in leaves(message):
        if leaf.position == position:
            return leaf_bytes(leaf.part)
    raise IndexError(position)


def _read(raw: bytes) -> tuple[Message, tuple[str, ...]]:
    head = raw.partition(b"\r\n\r\n")[0] if b"\r\n\r\n" in raw else raw.partition(b"\n\n")[0]
    if len(head) > MAX_HEADER_BYTES:
        return message_from_bytes(head[:MAX_HEADER_BYTES]), ("header block too large, body not read",)
    try:
        parsed = mailparser.parse_from_bytes(raw)
    except (MailParserError, RecursionError):
        return message_from_bytes(head), ("too deeply nested, body not read",)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # A header that mail-parser trips over; the tree itself is the standard library's and stands.
        return message_from_bytes(raw), (f"mail-parser: {type(error).__name__}",)
    return parsed.message, tuple(sorted(parsed.defects_categories))


def _raw_items(message: Message) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in message.raw_items()]


def _without_envelope_line(raw: bytes) -> bytes:
    """Without the `From ` line that mailbox files put in front (RFC 4155), and without leading blank lines."""
    stripped = raw.lstrip(b"\r\n")
    return stripped.partition(b"\n")[2] if stripped.startswith((b"From ", b">From ")) else stripped


def _body_sum(raw: bytes) -> str:
    """A sum of the body that survives the way: line ends and white space at their ends do not count."""
    unix = raw.replace(b"\r\n", b"\n")
    body = unix.partition(b"\n\n")[2]
    return sha256(b"\n".join(line.rstrip() for line in body.split(b"\n")).rstrip()).hexdigest()
