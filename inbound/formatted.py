"""The body of a mail in its own layout, for the page that shows it; nothing here is safe to show yet.

Chosen as in `body`, only that of alternatives the one with a layout is taken. Total and bounded, like all parsing.
"""

from collections.abc import Iterator

from gateway.mail.display_html import MAX_HTML
from gateway.mail.formatted import MAX_IMAGE, MAX_IMAGES, FormattedBody, Piece
from inbound.body import decoded_text, repeats
from inbound.html_text import bare_text
from inbound.mime_tree import OPENED_TNEF, Branch, Leaf
from inbound.parse import opened_root
from inbound.parts import is_displayed, numbered_files

_HTML = {"text/html", "text/enriched", "text/richtext"}
_MAX_IMAGES = 200


def read_formatted(raw: bytes) -> FormattedBody:
    """The texts and the images of a mail. Of more than can be shown, a little more is read, so that it is noticed."""
    root = opened_root(raw)
    return FormattedBody(pieces=tuple(_pieces(root)), images=_images(root))


def _pieces(node: Branch | Leaf) -> list[Piece]:
    if isinstance(node, Leaf):
        text = decoded_text(node) if is_displayed(node) else ""
        return [Piece(text=text[: MAX_HTML + 1], is_html=node.type in _HTML)] if text.strip() else []
    texts = [(child, _pieces(child)) for child in node.children]
    if node.type == "multipart/alternative":
        found = [pieces for _, pieces in texts if pieces]
        return next((pieces for pieces in found if _has_layout(pieces)), found[0] if found else [])
    if node.type == "multipart/related":
        return next((pieces for _, pieces in texts if pieces), [])
    shown: list[Piece] = []
    for child, pieces in texts:
        if not pieces or (shown and isinstance(child, Branch) and child.type == OPENED_TNEF):
            continue  # the text of a winmail.dat repeats that beside it
        # A mailer that sends both forms as if they were two texts means one of them.
        if shown and not shown[-1].is_html and _says_again(pieces, shown[-1]):
            shown.pop()
        shown += pieces
    return shown


def _has_layout(pieces: list[Piece]) -> bool:
    return any(piece.is_html for piece in pieces)


def _says_again(pieces: list[Piece], before: Piece) -> bool:
    return len(pieces) == 1 and pieces[0].is_html and repeats(bare_text(pieces[0].text), before.text)


def _images(root: Branch | Leaf) -> dict[str, tuple[int, bytes]]:
    found: dict[str, tuple[int, bytes]] = {}
    left = MAX_IMAGES
    for position, leaf in _linked(root):
        content = leaf.content(limit=2 * MAX_IMAGE)
        if len(content) <= min(left, MAX_IMAGE) and len(found) < _MAX_IMAGES:
            left -= len(content)
            found.setdefault(leaf.content_id, (position, content))
    return found


def _linked(root: Branch | Leaf) -> Iterator[tuple[int, Leaf]]:
    for position, leaf in numbered_files(root):
        if leaf.content_id and leaf.end - leaf.start <= 2 * MAX_IMAGE:
            yield position, leaf
