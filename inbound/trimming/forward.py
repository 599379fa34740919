"""An explicitly forwarded mail inside of a mail: who wrote it, when, about what, and its text."""

import re
from collections.abc import Sequence

from inbound.trimming.boundaries import Boundary
from inbound.trimming.evidence import find_address
from inbound.trimming.headers import HeaderBlock, read_header_block
from inbound.trimming.model import Forwarded, Line
from inbound.trimming.phrases import FORWARD_PREFIXES

_PREFIX = re.compile(r"\s*\[?(?P<word>[^\W\d]{1,12})\s?[:：]")
_MAX_NAME = 200


def find_forward(lines: Sequence[Line], boundaries: Sequence[Boundary], subject: str) -> Forwarded | None:
    """The forwarded mail: below a line that says so, or below the first header block when the subject says so."""
    for boundary in boundaries:
        if boundary.forward or (is_forward_subject(subject) and boundary.certain):
            block = _block_in(lines, boundary)
            if block:
                return _forwarded(lines, boundary, block)
    return None


def is_forward_subject(subject: str) -> bool:
    """`TR: Panne`, `Fwd: ...`, in the languages of the mail programs."""
    found = _PREFIX.match(subject[:80])
    return found is not None and found["word"].lower() in FORWARD_PREFIXES


def _block_in(lines: Sequence[Line], boundary: Boundary) -> HeaderBlock | None:
    blocks = (read_header_block(lines, number, trusted=True) for number in range(boundary.start, boundary.stop))
    return next((block for block in blocks if block), None)


def _forwarded(lines: Sequence[Line], boundary: Boundary, block: HeaderBlock) -> Forwarded:
    author = block.fields["from"]
    address = find_address(author)
    name = re.split(r"[<\[(]", author, maxsplit=1)[0].strip(" \"'*") if address else author
    body = "\n".join(_unquoted(line) for line in lines[boundary.stop :])
    return Forwarded(
        name="" if name.lower() == address.lower() else name[:_MAX_NAME],
        address=address.lower(),
        subject=block.fields.get("subject", ""),
        date=block.fields.get("sent") or block.fields.get("date", ""),
        body=body.strip("\n"),
    )


def _unquoted(line: Line) -> str:
    """The line without one level of quotation."""
    text = line.raw.rstrip("\r\n")
    return re.sub(r"^\s{0,3}> ?", "", text, count=1) if line.quoted else text
