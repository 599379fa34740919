"""How mail programs mark quotes and signatures in HTML: one table of classes, ids and attributes.

Gmail, Outlook (desktop, web, mobile), Apple Mail, Thunderbird, Zimbra, Proton, Yahoo, and the others that a French
support desk meets. What a person could have made by hand (an indented block, a rule) is a weak mark or none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from inbound.trimming.model import Mark

# Blocks that hold the announcement and the quote. With a cited block inside, only that is quote: answers may stand
# beside it.
_CONTAINERS = {
    "gmail_quote": "Gmail quote block",
    "gmail_quote_container": "Gmail quote block",
    "yahoo_quoted": "Yahoo quote block",
    "protonmail_quote": "Proton quote block",
    "tutanota_quote": "Tuta quote block",
    "ik_mail_quote": "Infomaniak quote block",
    "zmail_extra": "Zoho quote block",
    "moz-forward-container": "Thunderbird forward",
}
_ATTRIBUTIONS = {
    "moz-cite-prefix": "Thunderbird header line",
    "gmail_attr": "Gmail header line",
    "reply-intro": "Roundcube header line",
}
# By id: from here on all is quote.
_RESTS = {
    "divrplyfwdmsg": "Outlook header block",
    "olk_src_body_section": "Outlook header block",
    "mail-editor-reference-message-container": "Outlook mobile quote",
    "ms-outlook-mobile-reference-message": "Outlook mobile quote",
    "stopspelling": "Hotmail separator",
    "zwchr": "Zimbra separator",
    "isreplycontent": "reply block",
}
_RESTS_BY_MARKER = {
    "__divider__": "Zimbra separator",
    "__quoted_text__": "Zimbra quote",
    "__headers__": "Zimbra header",
}
_SIGNATURES = {
    "gmail_signature": "Gmail signature",
    "moz-signature": "Thunderbird signature",
    "protonmail_signature_block": "Proton signature",
    "ms-outlook-mobile-signature": "Outlook mobile signature",
    "applemailsignature": "Apple Mail signature",
    "apple-mail-signature": "Apple Mail signature",
    "signature": "Outlook signature",
}
_PREFIXES = ("x_", "ecx", "m_", "yiv")  # what webmail puts before the names of a quoted mail
_HINTS = re.compile(
    "blockquote|divrplyfwdmsg|appendonsend|border-top|data-signatureblock|data-marker|name=.quote"
    + "".join(f"|{re.escape(name)}" for name in (*_CONTAINERS, *_ATTRIBUTIONS, *_RESTS, *_SIGNATURES)),
    re.IGNORECASE,
)
_BORDER_TOP = re.compile(r"border-top(?:-style)?\s*:[^;]{0,60}solid", re.IGNORECASE)
_HOLDERS = frozenset({"div", "blockquote", "span", "p", "pre", "section", "font", "hr", "td", "center"})
_MAX_MARKS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A marked part of a tree: the element's content; or only up to the element `before`; or what comes `after`."""

    element: Any
    mark: Mark
    rule: str
    before: Any = None
    after: bool = False


def may_hold_marks(html: str) -> bool:
    """Is there any of the words that a mark needs? A cheap question before the dear ones."""
    return _HINTS.search(html) is not None


def find_marks(tree: Any) -> list[Found]:
    """The marked parts of a mail, in the order of the document."""
    has_header = any("divrplyfwdmsg" in _names(element) for element in tree.iter("div"))
    found: list[Found] = []
    for element in tree.iter(*_HOLDERS):
        found.extend(_marks_of(element, with_append=not has_header))
        if len(found) >= _MAX_MARKS:
            break
    return found[:_MAX_MARKS]


def _marks_of(element: Any, *, with_append: bool) -> Iterator[Found]:
    names = _names(element)
    rest = _rest_rule(element, names, with_append=with_append)
    container = next((_CONTAINERS[name] for name in names if name in _CONTAINERS), "")
    if element.tag == "hr":
        if rest:
            yield Found(element=element, mark=Mark.REST, rule=rest, after=True)
    elif element.tag == "blockquote":
        yield _blockquote(element, container)
    elif rest:
        yield Found(element=element, mark=Mark.REST, rule=rest)
    elif container or (element.get("name") or "").lower() == "quote":
        yield from _container(element, container or "quote block")
    else:
        for table, mark in ((_ATTRIBUTIONS, Mark.ATTRIBUTION), (_SIGNATURES, Mark.SIGNATURE)):
            rule = next((table[name] for name in names if name in table), "")
            if rule:
                yield Found(element=element, mark=mark, rule=rule)
        if element.get("data-signatureblock") == "true":
            yield Found(element=element, mark=Mark.SIGNATURE, rule="signature block")


def _blockquote(element: Any, container: str) -> Found:
    if container or (element.get("type") or "").lower() == "cite" or element.get("cite"):
        return Found(element=element, mark=Mark.QUOTE, rule=container or "cited block")
    return Found(element=element, mark=Mark.WEAK_QUOTE, rule="quote block")


def _container(element: Any, rule: str) -> Iterator[Found]:
    """The announcement before the first cited block; or the whole block when nothing in it is cited."""
    cited = next(element.iter("blockquote"), None)
    if cited is None:
        yield Found(element=element, mark=Mark.BLOCK, rule=rule)
    elif cited.getparent() is element:
        yield Found(element=element, mark=Mark.ATTRIBUTION, rule=rule, before=cited)


def _rest_rule(element: Any, names: list[str], *, with_append: bool) -> str:
    by_id = next((_RESTS[name] for name in names if name in _RESTS), "")
    if by_id:
        return by_id
    if with_append and "appendonsend" in names:
        return "Outlook quote"
    marker = _RESTS_BY_MARKER.get((element.get("data-marker") or "").lower(), "")
    return marker or ("Outlook header block" if _is_outlook_header(element) else "")


def _is_outlook_header(element: Any) -> bool:
    """A block under a line, with at least three bold labels: "De :", "Envoyé :", "À :", in any language."""
    if element.tag != "div" or not _BORDER_TOP.search((element.get("style") or "")[:500]):
        return False
    labels = 0
    for number, bold in enumerate(element.iter("b", "strong")):
        labels += "".join(bold.itertext())[:60].strip().endswith((":", "："))
        if labels == 3 or number > 12:
            break
    return labels >= 3


def _names(element: Any) -> list[str]:
    """Its classes and its id, in lower case, without what webmail put before them."""
    names = f"{element.get('class') or ''} {element.get('id') or ''}".lower().split()[:20]
    return [name.removeprefix(next((one for one in _PREFIXES if name.startswith(one)), "")) for name in names]
