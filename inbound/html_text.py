"""HTML as text with its lists and tables. Total and bounded."""

import re
from html import unescape

from inbound.bounds import MAX_HTML, MAX_HTML_DEPTH, MAX_HTML_TAGS
from inbound.charset import clean_text

# Elements that hold nothing, and those that close themselves where the next one begins.
_FLAT = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
    *("p", "li", "td", "th", "tr", "dt", "dd", "option"),
}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")


def html_to_text(html: str) -> str:
    """What a reader would see; hidden preheaders stay hidden. At most a million characters are looked at."""
    shown = clean_text(html[:MAX_HTML])
    if not shown.strip():
        return ""
    if is_too_deep(shown):
        return _bare_text(shown)
    # Costs 40 ms and 15 MB to import: a worker that sees no HTML never pays.
    from inscriptis import get_text
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig
    from lxml.etree import LxmlError

    try:
        text = str(get_text(shown, ParserConfig(css=CSS_PROFILES["strict"])))
    except (LxmlError, ValueError, RecursionError, AssertionError, IndexError, AttributeError, TypeError, KeyError):
        return _bare_text(shown)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def is_too_deep(html: str) -> bool:
    """Would a renderer's or a cleaner's time grow out of hand? More than 500 open elements or 100,000 tags."""
    depth = 0
    for number, tag in enumerate(_TAG.finditer(html)):
        if tag[2].lower() not in _FLAT:
            depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > MAX_HTML_DEPTH or number >= MAX_HTML_TAGS:
            return True
    return False


def _bare_text(html: str) -> str:
    """Whatever is outside of tags, in one pass: the last resort that loses layout and no words."""
    kept: list[str] = []
    for piece in html.split("<"):
        _, closed, outside = piece.partition(">")
        kept.append(outside if closed else piece)
    return " ".join(unescape(" ".join(kept)).split())
