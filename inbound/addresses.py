"""Address headers to mailboxes: one reader for every decision, strict and linear (RFC 5322 section 3.4).

Structure is read before anything is decoded: a decoded comma or angle bracket is part of a name. What is no plain
address is left out, never repaired into one: an address that two programs read differently is how a forged sender
gets in (CVE-2023-27043).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.mail.address import is_address, normalise_address
from gateway.mail.parsed import Mailbox
from inbound.bounds import MAX_ADDRESSES, MAX_FIELD_BYTES
from inbound.header_text import decode_header, raw_text

_SPECIAL = set('"(<>,;:\\')


@dataclass
class _Piece:
    """What stands between two separators: text outside of brackets, what is in brackets, comments."""

    outside: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def parse_mailboxes(values: Iterable[str]) -> tuple[Mailbox, ...]:
    """The mailboxes of address headers, in order, groups opened, at most 500."""
    found: list[Mailbox] = []
    for value in values:
        for piece in _pieces(raw_text(value)[:MAX_FIELD_BYTES]):
            mailbox = _mailbox(piece)
            if mailbox is not None:
                found.append(mailbox)
            if len(found) == MAX_ADDRESSES:
                return tuple(found)
    return tuple(found)


def _mailbox(piece: _Piece) -> Mailbox | None:
    """A mailbox, or None.

    - `name <address>`: what is in the brackets, and only where there is one pair of them
    - a bare address, with a comment for a name
    """
    if len(piece.inside) > 1:
        return None
    if piece.inside:
        address = piece.inside[0]
        name = "".join(piece.outside).strip() or " ".join(piece.comments)
        # An obsolete route (RFC 5322 section 4.4) is in front of the address that counts.
        address = address.rpartition(":")[2] if address.lstrip().startswith("@") else address
    else:
        address, name = "".join(piece.outside), " ".join(piece.comments)
    plain = normalise_address(address)
    return Mailbox(name=decode_header(name)[:200], address=plain) if is_address(plain) else None


def _pieces(text: str) -> Iterator[_Piece]:
    piece, position = _Piece(), 0
    while position < len(text):
        letter = text[position]
        if letter == '"':
            quoted, position = _quoted(text, position)
            # Around a name quotes are no part of it, around a local part they are.
            _add(piece, f'"{quoted}"' if text.startswith("@", position) else _unescaped(quoted))
            continue
        if letter == "(":
            comment, position = _comment(text, position)
            piece.comments.append(comment)
            continue
        position += 1
        if letter in ",;":
            yield piece
            piece = _Piece()
        elif letter == "<":
            end = text.find(">", position)
            end = len(text) if end < 0 else end
            piece.inside.append(_without_comments(text[position:end].lstrip("<")))
            position = end + 1
        elif letter == ":" and not piece.inside:
            piece = _Piece()  # the name of a group
        else:
            end = position
            while end < len(text) and text[end] not in _SPECIAL:
                end += 1
            _add(piece, text[position - 1 : end])
            position = end
    yield piece


def _add(piece: _Piece, text: str) -> None:
    """Text after the brackets is nobody's."""
    if not piece.inside:
        piece.outside.append(text)


def _quoted(text: str, start: int) -> tuple[str, int]:
    position = start + 1
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return text[start + 1 : position], min(position + 1, len(text))


def _comment(text: str, start: int) -> tuple[str, int]:
    """A comment with the comments in it."""
    depth, position = 0, start
    while position < len(text):
        match text[position]:
            case "\\":
                position += 1
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth == 0:
                    break
        position += 1
    return _unescaped(text[start + 1 : position]), min(position + 1, len(text))


def _without_comments(text: str) -> str:
    kept: list[str] = []
    position = 0
    while (start := text.find("(", position)) >= 0:
        kept.append(text[position:start])
        position = _comment(text, start)[1]
    return "".join([*kept, text[position:]]) if kept else text


def _unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("\\(", "(").replace("\\)", ")").replace("\\\\", "\\")
