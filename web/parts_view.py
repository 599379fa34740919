"""The parts of a very long conversation, as links: each keeps the anchors of its entries, so that an address with one
leads there without a script."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.domain.parts import Asked, Parted

LONGEST = 20_000
"""Characters of one text that a part shows; the whole conversation has all of it."""

_MOST_ANCHORS = 2_000
_NEAR, _FIRST_RUN = 2, 4
_FEW = 9
"""So many parts have a link each. Of more only the first, the last and those beside the one that is shown have one of
their own; further parts share one to their middle, the more of them the further they are: a few steps lead anywhere."""


@dataclass(frozen=True, kw_only=True)
class PartLink:
    """A part, or those from `number` to `last` as people count: its path, and the ids of the entries that are not on
    this page."""

    number: int
    last: int
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
    left, links, last = _MOST_ANCHORS, [], len(parted.parts) - 1
    for first, end in reversed(_runs(parted)):
        is_here = first == parted.shown
        inside = () if is_here else tuple(ident for part in parted.parts[first : end + 1] for ident in part)
        anchors = inside[max(len(inside) - left, 0) :] if left else ()
        left -= len(anchors)
        begin = parted.parts[(first + end) // 2][0]
        link = path if first == last else f"{path}?entry={begin}#e{begin}"
        links.append(PartLink(number=first + 1, last=end + 1, path=link, is_here=is_here, anchors=anchors))
    hidden = sum(len(part) for part in parted.parts) - len(parted.ids)
    return PartsView(links=tuple(reversed(links)), hidden=hidden, whole=f"{path}?whole=1")


def _runs(parted: Parted) -> list[tuple[int, int]]:
    """The parts that have a link of their own, and those between them that share one, each as first and last."""
    last = len(parted.parts) - 1
    if last < _FEW:
        return [(number, number) for number in range(last + 1)]
    before, after = max(parted.shown - _NEAR, 1), min(parted.shown + _NEAR, last - 1)
    left = [(before - end, before - first) for first, end in _further(before - 1)]
    right = [(after + first, after + end) for first, end in _further(last - 1 - after)]
    near = [(number, number) for number in range(before, after + 1)]
    return [(0, 0), *reversed(left), *near, *right, (last, last)]


def _further(number: int) -> Iterator[tuple[int, int]]:
    """The runs of so many parts beside the near ones, each three times as long as the one before, as their distances:
    the middle of one is nearer to any part of it than the next shorter run reaches."""
    first, length = 1, _FIRST_RUN
    while first <= number:
        yield first, min(first + length - 1, number)
        first, length = first + length, 3 * length
