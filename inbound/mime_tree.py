"""The tree of a mail's parts. mail-parser says what hangs where; contents are slices of the raw mail."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message

import mailparser

from inbound.charset import clean_line
from inbound.header_text import decode_header
from inbound.parameters import split_value
from inbound.skeleton import Segment, Skeleton, cut
from inbound.transfer import decode_transfer

OPENED_TNEF = "multipart/x-opened-tnef"  # our name for what was in a winmail.dat

# Its warnings quote subjects and file names.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)

# What it says of the bodies that it does not see.
_OF_BODIES = {"CharsetDecodeDefect", "MissingHeaderBodySeparatorDefect"}


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A part without parts below it; a nested message counts as one.

    `name` is the one that the sender gave, decoded, "" without one; `raw[start:end]` is the body in its transfer
    encoding. `charset` is None where none is declared.
    """

    type: str
    raw: bytes = field(repr=False)
    start: int
    end: int
    encoding: str = ""
    name: str = ""
    disposition: str = ""
    charset: str | None = None
    content_id: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    def content(self, *, limit: int | None = None) -> bytes:
        """The decoded bytes; of a body that is longer than `limit` bytes in its encoding, only what these hold."""
        end = self.end if limit is None else min(self.end, self.start + limit)
        return decode_transfer(self.raw[self.start : end], self.encoding)

    @property
    def is_nested_message(self) -> bool:
        """Is it a whole mail, to be opened by a mail program?"""
        return self.type in {"message/rfc822", "message/global", "message/news"}


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A multipart with the parts in it, in order."""

    type: str
    parameters: Mapping[str, str]
    children: tuple["Branch | Leaf", ...]


@dataclass(frozen=True, kw_only=True)
class MailTree:
    """A mail in parts. `claimed_senders` are whom mail-parser takes for the authors, None where it gave up on the
    header; `notes` and `defects` are those of `ParsedMessage`."""

    skeleton: Skeleton
    root: Branch | Leaf
    claimed_senders: tuple[str, ...] | None
    notes: tuple[str, ...]
    defects: tuple[str, ...]


def read_tree(raw: bytes) -> MailTree:
    """The tree of a mail; total."""
    skeleton = cut(raw)
    try:
        parsed = mailparser.parse_from_bytes(skeleton.source)
    except Exception as error:  # noqa: BLE001 - as follows
        # A header that it trips over, in one of many ways. The standard library's tree is the one that it would have
        # used, and a mail that cannot be read at all must not stop those behind it.
        message, senders = message_from_bytes(skeleton.source), None
        found = {f"mail-parser:{type(error).__name__}"}
    else:
        message, found = parsed.message, set(parsed.defects_categories) - _OF_BODIES
        senders = tuple(address for _, address in parsed.from_)
    return MailTree(
        skeleton=skeleton,
        root=_node(message, skeleton),
        claimed_senders=senders,
        notes=skeleton.notes,
        defects=(*sorted(found), *skeleton.defects),
    )


def all_leaves(node: Branch | Leaf) -> Iterator[Leaf]:
    """The leaves in the order of the mail."""
    if isinstance(node, Leaf):
        yield node
    else:
        for child in node.children:
            yield from all_leaves(child)


def all_branches(node: Branch | Leaf) -> Iterator[Branch]:
    """The multiparts, outer ones first."""
    if isinstance(node, Branch):
        yield node
        for child in node.children:
            yield from all_branches(child)


def _node(part: Message, skeleton: Skeleton) -> Branch | Leaf:
    children = part.get_payload()
    kind = clean_line(part.get_content_type())[:200]
    if isinstance(children, list) and kind.startswith("multipart/"):
        nodes = tuple(_node(child, skeleton) for child in children if isinstance(child, Message))
        segment = skeleton.segment_of(str(part.preamble or ""))
        return Branch(type=kind, parameters=_content_type(segment)[1], children=nodes)
    segment = skeleton.segment_of(_payload(part))
    if segment is None:
        return Leaf(type=kind, raw=b"", start=0, end=0)
    return _leaf(kind, segment, skeleton.raw)


def _leaf(kind: str, segment: Segment, raw: bytes) -> Leaf:
    _, parameters = _content_type(segment)
    disposition, more = split_value(_text(segment, b"content-disposition"))
    return Leaf(
        type=kind,
        raw=raw,
        start=segment.block.body,
        end=segment.end,
        encoding=clean_line(_text(segment, b"content-transfer-encoding"))[:100],
        name=decode_header(more.get("filename") or parameters.get("name") or ""),
        disposition=disposition,
        charset=clean_line(parameters.get("charset", "")) or None,
        content_id=clean_line(_text(segment, b"content-id")).strip("<> ")[:250],
        parameters=parameters,
    )


def _content_type(segment: Segment | None) -> tuple[str, dict[str, str]]:
    return split_value(_text(segment, b"content-type")) if segment else ("", {})


def _text(segment: Segment, name: bytes) -> str:
    return segment.block.first(name).decode("utf-8", "surrogateescape")


def _payload(part: Message) -> str:
    """The text of a leaf of the skeleton; that of a nested message stands in what the library takes for its parts."""
    payload = part.get_payload()
    while isinstance(payload, list):
        payload = payload[-1].get_payload() if payload and isinstance(payload[-1], Message) else ""
    return str(payload or "")
