"""The HTML of a mail made safe to show: no script, no style, no form, nothing loaded from anywhere.

nh3 cleans; what is allowed is listed here and nowhere else. The page still shows the result in a sandboxed frame
with a policy of its own (a second lock, should a cleaner ever be wrong).
"""

import re
from collections.abc import Callable

MAX_HTML = 1_000_000  # characters
MAX_DEPTH = 500  # open elements: a cleaner's time grows with the square of them
MAX_TAGS = 100_000

_TAGS = {
    *("a", "abbr", "address", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col"),
    *("colgroup", "dd", "del", "div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5"),
    *("h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike"),
    *("strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var"),
}
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"alt", "src", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
}
# Elements that hold nothing, and those that close themselves where the next one begins.
_FLAT = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
    *("p", "li", "td", "th", "tr", "dt", "dd", "option"),
}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")


def display_html(html: str, *, own_image: Callable[[str], str | None]) -> str | None:
    """HTML that may be shown; None where it is too long or too deep, so that the text must do.

    Links lead out only by http, https and mailto, and tell nobody where they were. Of images only those that are in
    the mail itself are shown, so that opening a mail tells nobody that it was opened: `own_image` gives the address
    to show for a `cid:` link (RFC 2392), None for an image that is not to be shown.
    """
    if len(html) > MAX_HTML or is_too_deep(html):
        return None
    # A shared library of a megabyte: roles that show no page never load it.
    import nh3

    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_only_own_images(own_image),
        clean_content_tags={"script", "style", "title", "noscript", "template", "svg", "math", "iframe", "object"},
        url_schemes={"http", "https", "mailto", "cid"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )


def is_too_deep(html: str) -> bool:
    """Would a renderer's or a cleaner's time grow out of hand? More than 500 open elements or 100,000 tags."""
    depth = 0
    for number, tag in enumerate(_TAG.finditer(html)):
        if tag[2].lower() not in _FLAT:
            depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > MAX_DEPTH or number >= MAX_TAGS:
            return True
    return False


def _only_own_images(own_image: Callable[[str], str | None]) -> Callable[[str, str, str], str | None]:
    """nh3 asks for each attribute that its lists let through; None takes it away."""

    def keep(tag: str, attribute: str, value: str) -> str | None:
        is_own = value.strip().lower().startswith("cid:")
        if (tag, attribute) == ("img", "src"):
            return own_image(value) if is_own else None
        return None if attribute == "href" and is_own else value

    return keep
