"""The parts of a very long conversation, as links: each keeps the anchors of its entries, so that an address with one
leads there without a script."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.parts import Asked, Parted

LONGEST = 20_000
"""Characters of one text that a part shows; the whole conversation has all of it."""

_MOST_ANCHORS = 2_000


@dataclass(frozen=True, kw_only=True)
class PartLink:
    """A part: its number as people count, its path, and the ids of the entries that are not on this page."""

    number: int
    path: str
    is_here: bool
    anchors: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class PartsView:
    """The links to the parts of a conversation, those nearest to its end with anchors; `hidden` entries are not shown
    here, and `whole` is the path of all of them."""

    links: tuple[PartLink, ...]
    hidden: int
    whole: str


def asked_part(query: Mapping[str, str]) -> Asked:
    """What a query asks for: `entry=ID`, `whole=1`, or the newest."""
    entry = query.get("entry", "")
    is_number = entry.isascii() and entry.isdigit() and len(entry) < 10
    return Asked(entry_id=int(entry) if is_number else None, is_whole=query.get("whole") == "1")


def parts_view(parted: Parted, path: str) -> PartsView | None:
    """The links, on the page at this path; None where everything is shown."""
    if len(parted.parts) < 2:
        return None
    left, links = _MOST_ANCHORS, []
    for number, part in reversed(list(enumerate(parted.parts))):
        is_here = number == parted.shown
        anchors = () if is_here else part[max(len(part) - left, 0) :] if left else ()
        left -= len(anchors)
        newest = number == len(parted.parts) - 1
        link = path if newest else f"{path}?entry={part[0]}#e{part[0]}"
        links.append(PartLink(number=number + 1, path=link, is_here=is_here, anchors=anchors))
    hidden = sum(len(part) for part in parted.parts) - len(parted.ids)
    return PartsView(links=tuple(reversed(links)), hidden=hidden, whole=f"{path}?whole=1")
