"""A whole mail inside a mail (message/rfc822): who wrote it, about what, and its text. Total and bounded.

It stays a file that can be opened. Its text is read for a mail that says nothing itself, and for an agent who forwards
somebody's mail as a file.
"""

from gateway.domain.ticket import Language
from gateway.mail.language import detect_language
from gateway.mail.parsed import NestedMail
from inbound.addresses import parse_mailboxes
from inbound.body import read_body
from inbound.bounds import MAX_OPENED_BYTES
from inbound.charset import clean_text
from inbound.header_text import decode_header, raw_text
from inbound.mime_tree import Branch, Leaf, all_leaves, read_tree
from inbound.openers import open_envelopes

_MAX_LEVELS = 3
_MAX_SUBJECT = 500
_ANNOUNCED = {
    Language.FR: ("[Message joint : {subject}]", "[Message joint de {author} : {subject}]", "sans objet"),
    Language.EN: ("[Attached message: {subject}]", "[Attached message from {author}: {subject}]", "no subject"),
}


def read_nested(root: Branch | Leaf, *, level: int = 1) -> NestedMail | None:
    """The one mail that lies in the tree of another; None where there is none, or several."""
    leaves = [leaf for leaf in all_leaves(root) if leaf.is_nested_message]
    if len(leaves) != 1 or leaves[0].end - leaves[0].start > MAX_OPENED_BYTES:
        return None
    tree = read_tree(leaves[0].content().lstrip(b"\r\n"))
    block, opened = tree.skeleton.segments[0].block, open_envelopes(tree.root).root
    authors = parse_mailboxes([clean_text(raw_text(_text(block.first(b"from"))))])
    text = read_body(opened).text
    if not text.strip() and level < _MAX_LEVELS:
        inner = read_nested(opened, level=level + 1)
        text = "" if inner is None else announce(inner)
    return NestedMail(
        author=authors[0] if len(authors) == 1 else None,
        subject=decode_header(_text(block.first(b"subject")))[:_MAX_SUBJECT],
        text=text,
    )


def announce(nested: NestedMail) -> str:
    """The text of a mail that holds nothing but another: a line that says so, and that one's text."""
    language = detect_language(f"{nested.subject}\n{nested.text}") or Language.FR
    anonymous, signed, untitled = _ANNOUNCED[language]
    author = "" if nested.author is None else nested.author.name or nested.author.address
    line = (signed if author else anonymous).format(author=author, subject=nested.subject or untitled)
    return f"{line}\n\n{nested.text}".rstrip("\n")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
