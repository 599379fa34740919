"""The body of a mail with its own layout: what was read of it, and the same made safe to show.

The images that lie in the mail itself are written into the page (`data:`, RFC 2397), so that nothing has to be
fetched; the sanitising is `display_html`.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import unquote

from gateway.mail.display_html import MAX_HTML, display_html

MAX_IMAGE = 2_000_000  # bytes
MAX_IMAGES = 6_000_000  # bytes of all images as often as a page shows them

# Where a picture of this kind says so, and what. The type that a mail claims is a stranger's word; SVG can act.
_MAGIC = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One text of the body, in the order of the mail; `is_html` says in which form it is."""

    text: str = field(repr=False)
    is_html: bool


@dataclass(frozen=True, kw_only=True)
class FormattedBody:
    """What a mail shows in its own layout. `images` are its files that can be linked to, by Content-ID (RFC 2392)
    without brackets: the position of the file in the mail, and its bytes."""

    pieces: tuple[Piece, ...]
    images: Mapping[str, tuple[int, bytes]]


def show_formatted(body: FormattedBody, *, kept: frozenset[int]) -> str | None:
    """HTML that may be shown; None where there is none, or where it is too much to be made safe.

    Only images at the positions in `kept` are shown: what the attachment policy refused stays out of sight here too.
    """
    if not any(piece.is_html for piece in body.pieces) or sum(len(piece.text) for piece in body.pieces) > MAX_HTML:
        return None
    images = _Images(found={name: data for name, (position, data) in body.images.items() if position in kept})
    shown = []
    for piece in body.pieces:
        html = display_html(piece.text, own_image=images.url) if piece.is_html else f"<pre>{escape(piece.text)}</pre>"
        if html is None:
            return None
        shown.append(html)
    return "\n<hr>\n".join(shown)


@dataclass(kw_only=True)
class _Images:
    """The images of one page, and how many bytes of them it may still hold."""

    found: Mapping[str, bytes]
    left: int = MAX_IMAGES

    def url(self, link: str) -> str | None:
        """The `data:` URL for a `cid:` link; None for an image that there is not, that is none, or that is too much."""
        data = self.found.get(unquote(link.strip()[4:]).strip("<> "))
        kind = None if data is None else image_type(data)
        if data is None or kind is None or len(data) > min(self.left, MAX_IMAGE):
            return None
        self.left -= len(data)
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def image_type(data: bytes) -> str | None:
    """What kind of picture the bytes are; None for anything that a page should not show."""
    return next((kind for offset, magic, kind in _MAGIC if data.startswith(magic, offset)), None)
