"""Cutting a very long conversation into parts that a page can show.

A reader sees the newest entries; what came before is parted from the beginning on, so that a part stays the same while
the conversation grows. A part has at most `MOST` entries and, unless one entry alone is longer, at most `MOST_TEXT`
characters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MOST = 30
MOST_TEXT = 30_000  # characters
SLACK = 10
"""So many entries more are shown rather than left behind a link."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What of a conversation is asked for: the part that holds an entry, everything, or else the newest part."""

    entry_id: int | None = None
    is_whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Parted:
    """A conversation in its parts, each the ids of its entries, oldest first; `shown` is the number of the one to show.

    One part, and none where nothing was said.
    """

    parts: tuple[tuple[int, ...], ...]
    shown: int

    @property
    def ids(self) -> tuple[int, ...]:
        """The entries to show."""
        return self.parts[self.shown] if self.parts else ()


NEWEST = Asked()


def part_entries(entries: Sequence[tuple[int, int]], asked: Asked) -> Parted:
    """The conversation in parts. `entries` are ids with how many characters each has, oldest first."""
    ids = tuple(ident for ident, _ in entries)
    if asked.is_whole or _fits(entries):
        return Parted(parts=(ids,) if ids else (), shown=0)
    newest = _length_of_part(list(reversed(entries)))
    parts, rest = [], list(entries[:-newest])
    while rest:
        length = _length_of_part(rest)
        parts.append(tuple(ident for ident, _ in rest[:length]))
        rest = rest[length:]
    parts.append(ids[-newest:])
    shown = next((number for number, part in enumerate(parts) if asked.entry_id in part), len(parts) - 1)
    return Parted(parts=tuple(parts), shown=shown)


def page_upto(entries: Sequence[tuple[int, int]], last: int | None) -> tuple[tuple[int, ...], int | None]:
    """The newest entries up to the one with the id `last`, None for the end: their ids, oldest first, and the id of
    the one before them, None where nothing is before. Raises ValueError where there is no entry with this id."""
    ids = [ident for ident, _ in entries]
    upto = entries if last is None else entries[: ids.index(last) + 1]
    length = len(upto) if _fits(upto) else _length_of_part(list(reversed(upto)))
    start = len(upto) - length
    return tuple(ids[start : len(upto)]), ids[start - 1] if start else None


def _fits(entries: Sequence[tuple[int, int]]) -> bool:
    return len(entries) <= MOST + SLACK and sum(length for _, length in entries) <= MOST_TEXT


def _length_of_part(entries: Sequence[tuple[int, int]]) -> int:
    """How many of these come into one part, from the first on."""
    text = 0
    for number, (_, length) in enumerate(entries[:MOST]):
        text += length
        if text > MOST_TEXT and number:
            return number
    return min(MOST, len(entries))
