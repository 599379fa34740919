"""The text that a reader of the mail would see: the plain part, or else the HTML part rendered as text."""

from collections.abc import Sequence

from inbound.charset import clean_text
from inbound.parts import Leaf, leaf_text

MAX_TEXT = 500_000  # characters kept on the timeline; the raw mail holds the rest
MAX_HTML = 1_000_000  # a renderer's time grows with its input


def body_text(text_leaves: Sequence[Leaf]) -> str:
    """The visible text. An empty plain part (some mailers send one beside the HTML) does not count as text."""
    plain = [leaf_text(leaf.part) for leaf in text_leaves if leaf.part.get_content_type() == "text/plain"]
    text = "\n\n".join(part.strip("\r\n") for part in plain if part.strip())
    if not text:
        html = [leaf_text(leaf.part) for leaf in text_leaves if leaf.part.get_content_type() == "text/html"]
        text = "\n\n".join(filter(None, (html_to_text(part) for part in html)))
    return clean_text(text)[:MAX_TEXT].strip("\n")


def html_to_text(html: str) -> str:
    """HTML as text with its lists and tables; hidden preheaders stay hidden. Total."""
    # Costs 40 ms and 15 MB to import: a worker that sees no HTML never pays.
    from inscriptis import get_text
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig
    from lxml.etree import LxmlError

    try:
        return str(get_text(clean_text(html[:MAX_HTML]), ParserConfig(css=CSS_PROFILES["strict"]))).strip()
    except (LxmlError, ValueError, RecursionError, AssertionError, IndexError, AttributeError, TypeError):
        return _bare_text(html[:MAX_HTML])


def _bare_text(html: str) -> str:
    """Whatever is outside of tags, in one pass: the last resort that loses layout and no words."""
    kept: list[str] = []
    for piece in html.split("<"):
        _, closed, outside = piece.partition(">")
        kept.append(outside if closed else piece)
    return " ".join("".join(kept).split())
