"""HTML as text with its lists and tables. Total and bounded."""

import re
from html import unescape

from gateway.mail.display_html import MAX_HTML, is_too_deep
from inbound.charset import clean_text

_EMPTY_LINES = re.compile(r"\n{3,}")
_NAME = re.compile(r"/?[a-zA-Z]{1,20}")


def html_to_text(html: str) -> str:
    """What a reader would see; hidden preheaders stay hidden. At most a million characters are looked at."""
    shown = clean_text(html[:MAX_HTML])
    if not shown.strip():
        return ""
    if is_too_deep(shown):
        return bare_text(shown)
    # Costs 40 ms and 15 MB to import: a worker that sees no HTML never pays.
    from inscriptis import Inscriptis
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig
    from lxml.etree import LxmlError
    from lxml.html import HTMLParser, document_fromstring

    try:
        # Without huge_tree what is nested deeper than 256 elements vanishes.
        tree = document_fromstring(shown.encode(), parser=HTMLParser(huge_tree=True, encoding="utf-8"))
        text = str(Inscriptis(tree, ParserConfig(css=CSS_PROFILES["strict"])).get_text())
    except (LxmlError, ValueError, RecursionError, AssertionError, IndexError, AttributeError, TypeError, KeyError):
        return bare_text(shown)
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def bare_text(html: str) -> str:
    """Whatever is outside of tags, in one pass: the last resort that loses layout and no words."""
    kept: list[str] = []
    hidden = ""
    for piece in html.split("<"):
        tag = _NAME.match(piece)
        name = tag[0].lower() if tag else ""
        if name in {"style", "script"}:
            hidden = name
        elif hidden and name != f"/{hidden}":
            continue
        else:
            hidden = ""
            _, closed, outside = piece.partition(">")
            kept.append(outside if closed else piece)
    return " ".join(unescape(" ".join(kept)).split())
