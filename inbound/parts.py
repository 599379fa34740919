"""Which parts are text to show, which are files, what a file is called, and how to find it again in the raw mail."""

import re
from collections.abc import Iterator
from hashlib import sha256

from gateway.mail.parsed import MailFile
from inbound.bounds import MAX_FILES, MAX_PART_HEADER_BYTES
from inbound.charset import clean_line
from inbound.header_block import read_header_block
from inbound.header_text import decode_header
from inbound.mime_tree import Branch, Leaf, all_leaves

MAX_NAME = 200
# Marks that make "exe.fdp" of "pdf.exe", and characters that take no room.
_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_FILES_OF_TEXT = {
    "calendar",
    "rtf",
    "vcard",
    "x-vcard",
    "directory",
    "rfc822-headers",
    "css",
    "csv",
    "javascript",
    "xml",
}
_EXTENSIONS = {
    "plain": "txt",
    "delivery-status": "txt",
    "disposition-notification": "txt",
    "rfc822-headers": "txt",
    "calendar": "ics",
    "jpeg": "jpg",
    "svg+xml": "svg",
    "pkcs7-mime": "p7m",
    "x-pkcs7-mime": "p7m",
    "pkcs7-signature": "p7s",
    "x-pkcs7-signature": "p7s",
    "pgp-signature": "asc",
    "pgp-encrypted": "asc",
    "ms-tnef": "dat",
    "rfc822": "eml",
    "global": "eml",
    "news": "eml",
    "vcard": "vcf",
}


def is_displayed(leaf: Leaf) -> bool:
    """Is it text that a reader sees, rather than a file?

    - text, of a kind that is written for people, without a name, and not marked as an attachment
    - a multipart in which no part was found: somebody must see what is in it
    """
    if leaf.type.startswith("multipart/"):
        return True
    main, _, sub = leaf.type.partition("/")
    return main == "text" and sub not in _FILES_OF_TEXT and leaf.disposition != "attachment" and not leaf.name


def numbered_files(root: Branch | Leaf) -> Iterator[tuple[int, Leaf]]:
    """The files with their positions among all leaves, at most 500."""
    found = 0
    for position, leaf in enumerate(all_leaves(root)):
        if not is_displayed(leaf):
            if found == MAX_FILES:
                return
            found += 1
            yield position, leaf


def describe_file(position: int, leaf: Leaf) -> MailFile:
    """What to remember of a file."""
    content = leaf.content()
    claimed = safe_name(leaf.name)
    return MailFile(
        position=position,
        name=claimed or _own_name(position, leaf, content),
        type=leaf.type,
        size=len(content),
        sha256=sha256(content).hexdigest(),
        is_named=bool(claimed),
        content_id=leaf.content_id,
    )


def safe_name(name: str) -> str:
    """A name on one line, without direction overrides, at most 200 characters of which the ending stays.

    It may hold slashes and anything else: it is shown, never used as a path.
    """
    shown = clean_line(_INVISIBLE.sub("", name))
    if len(shown) <= MAX_NAME:
        return shown
    stem, dot, ending = shown.rpartition(".")
    return f"{stem[: MAX_NAME - 1 - len(ending)]}.{ending}" if dot and len(ending) <= 10 else shown[:MAX_NAME]


def _own_name(position: int, leaf: Leaf, content: bytes) -> str:
    """A name for what came without one; of a nested message its subject."""
    subtype = leaf.type.partition("/")[2]
    ending = _EXTENSIONS.get(subtype, subtype if subtype.isalnum() and len(subtype) <= 5 else "bin")
    if leaf.is_nested_message:
        subject = safe_name(_subject(content))[: MAX_NAME - 10].strip()
        return f"{subject or 'message'}.eml"
    return f"part-{position + 1}.{ending}"


def _subject(content: bytes) -> str:
    source = content.lstrip(b"\r\n")
    block = read_header_block(source, 0, len(source), limit=MAX_PART_HEADER_BYTES)
    return decode_header(block.first(b"subject").decode("utf-8", "surrogateescape"))
