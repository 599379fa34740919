"""Bytes to a ParsedMessage. Total: whatever comes in, something sensible comes out and nothing raises.

The mail is cut and bounded (`skeleton`), mail-parser builds the tree of parts (`mime_tree`), what hides in
envelopes of other kinds is taken out (`openers`), and ids, addresses and text are read by rules of our own where
the libraries' answers are known to be wrong. The raw mail is kept in any case.
"""

import re
from hashlib import sha256

from gateway.domain.ticket import Language
from gateway.mail.address import normalise_address
from gateway.mail.headers import Headers
from gateway.mail.language import detect_language
from gateway.mail.message_id import parse_message_ids
from gateway.mail.parsed import Event, Mailbox, ParsedMessage
from inbound.addresses import parse_mailboxes
from inbound.body import read_body
from inbound.bounds import MAX_ADDRESSES, MAX_FILES
from inbound.calendar_invite import CalendarError, event_text, read_event
from inbound.charset import clean_line, clean_text
from inbound.header_text import decode_header, raw_text
from inbound.mime_tree import Branch, Leaf, MailTree, all_leaves, read_tree
from inbound.nested import read_nested
from inbound.openers import calendars, inline_protection, open_envelopes
from inbound.parts import describe_file, is_displayed, numbered_files

MAX_SUBJECT = 500
_ENVELOPE_LINE = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?:>?From [^\n]*\n)?")
_STEP = 1024 * 1024


def parse_message(raw: bytes) -> ParsedMessage:
    """Understand a mail."""
    tree = read_tree(_without_envelope_line(raw))
    opened = open_envelopes(tree.root)
    headers = _headers(tree)
    subject = decode_header("".join(headers.all("subject")[:1]))[:MAX_SUBJECT]
    senders = parse_mailboxes(headers.all("from"))
    to, cc = parse_mailboxes(headers.all("to")), parse_mailboxes(headers.all("cc"))
    body = read_body(opened.root)
    event, event_notes = _event(opened.root)
    files = tuple(describe_file(position, leaf) for position, leaf in numbered_files(opened.root))
    ids = parse_message_ids("".join(headers.all("message-id")[:1]))
    notes = [*tree.notes, *_limits(opened.root, to, cc), *body.notes, *opened.notes, *event_notes]
    return ParsedMessage(
        headers=headers,
        subject=subject,
        senders=senders,
        reply_to=parse_mailboxes(headers.all("reply-to")),
        recipients=to + cc,
        to=to,
        cc=cc,
        date=headers.first("date"),
        message_id=ids[0] if ids else None,
        in_reply_to=parse_message_ids(" ".join(headers.all("in-reply-to"))),
        references=parse_message_ids("".join(headers.all("references")[:1])),
        content_type=tree.root.type,
        report_type=clean_line(tree.root.parameters.get("report-type", "")).lower(),
        text=_with_event(body.text, event, subject),
        html=body.html,
        files=files,
        event=event,
        nested=read_nested(opened.root),
        body_sha256=_body_sum(tree),
        defects=(*tree.defects, *opened.defects, *_disputes(tree, senders)),
        notes=tuple(dict.fromkeys([*notes, *inline_protection(body.text)])),
    )


def read_file(raw: bytes, position: int) -> bytes:
    """The content of the file that `ParsedMessage.files` lists with this position. Raises IndexError."""
    for found, leaf in numbered_files(opened_root(raw)):
        if found == position:
            return leaf.content()
    raise IndexError(position)


def opened_root(raw: bytes) -> Branch | Leaf:
    """The parts of a mail, with its envelopes opened: the tree by which files are numbered."""
    return open_envelopes(read_tree(_without_envelope_line(raw)).root).root


def _event(root: Branch | Leaf) -> tuple[Event | None, tuple[str, ...]]:
    """The event of the first invitation that can be read, and what there is to note."""
    notes: tuple[str, ...] = ()
    for leaf in calendars(root):
        try:
            return read_event(leaf.content(), leaf.charset), ("calendar-event",)
        except CalendarError:
            notes = ("unreadable-calendar",)
    return None, notes


def _with_event(text: str, event: Event | None, subject: str) -> str:
    if event is None:
        return text
    language = detect_language(f"{subject}\n{text}") or Language.FR
    return f"{text}\n\n{event_text(event, language)}".lstrip("\n")


def _headers(tree: MailTree) -> Headers:
    block = tree.skeleton.segments[0].block
    return Headers.from_pairs(
        (clean_line(_text(name)), clean_text(raw_text(_text(value)))) for name, value in block.fields
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _disputes(tree: MailTree, senders: tuple[Mailbox, ...]) -> tuple[str, ...]:
    """Where mail-parser takes somebody else for the author, ours counts and the dispute is kept."""
    claimed = tree.claimed_senders
    if claimed is None or set(map(normalise_address, claimed)) == {sender.address for sender in senders}:
        return ()
    return ("disputed-from",)


def _limits(root: Branch | Leaf, *recipients: tuple[Mailbox, ...]) -> tuple[str, ...]:
    found = []
    if any(len(some) == MAX_ADDRESSES for some in recipients):
        found.append(f"addresses-limited:{MAX_ADDRESSES}")
    if sum(not is_displayed(leaf) for leaf in all_leaves(root)) > MAX_FILES:
        found.append(f"attachments-limited:{MAX_FILES}")
    return tuple(found)


def _without_envelope_line(raw: bytes) -> bytes:
    """Without the `From ` line that mailbox files put in front (RFC 4155), and without leading blank lines."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    start = _ENVELOPE_LINE.match(raw)
    return raw[start.end() :] if start and start.end() else raw


def _body_sum(tree: MailTree) -> str:
    """A sum of the body that survives the way: white space does not count."""
    raw, total = tree.skeleton.raw, sha256()
    for start in range(tree.skeleton.segments[0].block.body, len(raw), _STEP):
        total.update(raw[start : start + _STEP].translate(None, b" \t\r\n"))
    return total.hexdigest()
