"""The text that a reader of the mail would see, and the HTML body for whoever needs its structure.

Parts are shown as the multipart that holds them says (RFC 2046 section 5.1, RFC 2387): of alternatives one, the
plain text if it says anything; of related parts the root; of all others each, one after the other.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.mail.display_html import MAX_HTML
from inbound.bounds import MAX_TEXT
from inbound.charset import clean_text, decode_bytes
from inbound.html_text import bare_text, html_to_text
from inbound.mime_tree import OPENED_TNEF, Branch, Leaf
from inbound.parts import is_displayed

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
# Bytes of one part's text that are read: a character takes four at most, and three times that in its encoding.
_MAX_DECODED = 4 * MAX_TEXT
_MAX_ENCODED = 3 * _MAX_DECODED


@dataclass(frozen=True, kw_only=True)
class Body:
    """`text` to show, `html` as it came, and the notes about what was cut."""

    text: str
    html: str
    notes: tuple[str, ...]


def read_body(root: Branch | Leaf) -> Body:
    """The body of a mail. Where nothing is displayed, a text that came as a named part in line is."""
    reader = _Reader()
    text = reader.shown(root)
    if not text.strip():
        text = reader.shown(root, is_text=_is_text_in_line)
    if len(text) > MAX_TEXT:
        reader.notes["body-truncated"] = None
    return Body(
        text=text[:MAX_TEXT].strip("\n"), html="\n".join(reader.html)[:MAX_HTML], notes=tuple(sorted(reader.notes))
    )


@dataclass
class _Reader:
    """Reads parts as text; remembers the HTML that it met, and how much of it may still be rendered."""

    html: list[str] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    html_left: int = MAX_HTML
    text_left: int = 2 * MAX_TEXT

    def shown(self, node: Branch | Leaf, *, is_text: Callable[[Leaf], bool] = is_displayed) -> str:
        """The text of a part."""
        if isinstance(node, Leaf):
            return self._leaf(node) if is_text(node) else ""
        if node.type == "multipart/alternative":
            return self._alternative(node.children, is_text)
        texts: list[str] = []
        for child in node.children:
            if texts and isinstance(child, Branch) and child.type == OPENED_TNEF:
                continue  # the text of a winmail.dat repeats that beside it
            text = self.shown(child, is_text=is_text)
            # A mailer that sends both forms as if they were two texts means one of them.
            if text.strip() and not (_is_html(child) and texts and repeats(text, texts[-1])):
                texts.append(text.strip("\n"))
            if node.type == "multipart/related" and texts:
                break
        return "\n\n".join(texts)

    def _alternative(self, children: Sequence[Branch | Leaf], is_text: Callable[[Leaf], bool]) -> str:
        """Plain text before HTML before anything else; the HTML is remembered in any case."""
        ranked = sorted(children, key=_rank)
        chosen = ""
        for child in ranked:
            if not chosen.strip():
                chosen = self.shown(child, is_text=is_text)
            else:
                self._remember_html(child, is_text)
        return chosen

    def _remember_html(self, node: Branch | Leaf, is_text: Callable[[Leaf], bool]) -> None:
        if isinstance(node, Branch):
            for child in node.children:
                self._remember_html(child, is_text)
        elif node.type == "text/html" and is_text(node):
            self._html_of(node)

    def _html_of(self, leaf: Leaf) -> str:
        html = decoded_text(leaf)
        if html.strip() and self.html_left > 0:
            self.html.append(html[: self.html_left])
        return html

    def _rendered(self, leaf: Leaf) -> str:
        """HTML as text, within what is left to render; where that shows nothing, whatever words there are."""
        html, left = self._html_of(leaf), self.html_left
        if len(html) > left:
            self.notes["html-truncated"] = None
        self.html_left -= min(len(html), left)
        return (html_to_text(html[:left]) or bare_text(html)) if left else ""

    def _leaf(self, leaf: Leaf) -> str:
        if leaf.type == "text/html":
            return self._rendered(leaf)
        if self.text_left <= 0:
            self.notes["body-truncated"] = None
            return ""
        text = decoded_text(leaf)
        self.text_left -= len(text)
        return html_to_text(text) if leaf.type in {"text/enriched", "text/richtext"} else text


def decoded_text(leaf: Leaf) -> str:
    """The characters of a text part, of a bounded number of its bytes, by its charset or by that in the HTML."""
    data = leaf.content(limit=_MAX_ENCODED)[:_MAX_DECODED]
    charset = leaf.charset
    if charset is None and leaf.type == "text/html":
        found = _META_CHARSET.search(data, 0, 4096)
        charset = found[1].decode("ascii") if found else None
    return clean_text(decode_bytes(data, charset))


def _rank(node: Branch | Leaf) -> int:
    if isinstance(node, Branch):
        return min((_rank(child) for child in node.children), default=3)
    return {"text/plain": 0, "text/html": 1}.get(node.type, 2)


def _is_html(node: Branch | Leaf) -> bool:
    return _rank(node) == 1


def _is_text_in_line(leaf: Leaf) -> bool:
    return leaf.type in {"text/plain", "text/html"} and leaf.disposition != "attachment"


def repeats(text: str, before: str) -> bool:
    """Does a text say again what stands before it? One much shorter does not, and comparing many would cost."""
    return 2 * len(text) >= len(before) and "".join(text.split()) in "".join(before.split())
