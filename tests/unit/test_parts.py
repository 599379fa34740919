"""How a very long conversation is cut into parts."""

import pytest

from gateway.domain.parts import MOST, MOST_TEXT, SLACK, Asked, part_entries
from web.parts_view import asked_part, parts_view

NEWEST = Asked()
LONG = [(number, 10) for number in range(1, 101)]


@pytest.mark.parametrize("number", [0, 1, MOST + SLACK])
def test_a_conversation_that_fits_is_shown_whole(number: int) -> None:
    parted = part_entries([(one, 10) for one in range(number)], NEWEST)
    assert parted.ids == tuple(range(number))
    assert parts_view(parted, "/x") is None


def test_the_newest_part_is_shown_and_every_entry_is_in_one_part() -> None:
    parted = part_entries(LONG, NEWEST)
    assert parted.ids == tuple(range(71, 101))
    assert [one for part in parted.parts for one in part] == [one for one, _ in LONG]
    assert max(len(part) for part in parted.parts) == MOST


def test_a_part_is_asked_for_by_an_entry_and_stays_the_same_while_the_conversation_grows() -> None:
    first = part_entries(LONG, Asked(entry_id=5)).ids
    grown = part_entries([*LONG, *((number, 10) for number in range(101, 130))], Asked(entry_id=5)).ids
    assert first == grown == tuple(range(1, 31))
    assert part_entries(LONG, Asked(entry_id=999)).ids == part_entries(LONG, NEWEST).ids


def test_long_texts_make_short_parts_and_one_too_long_is_a_part_of_its_own() -> None:
    parted = part_entries([(1, 10), (2, MOST_TEXT * 3), (3, MOST_TEXT), (4, 10)], NEWEST)
    assert parted.parts == ((1,), (2,), (3,), (4,))


def test_everything_is_shown_on_demand() -> None:
    assert len(part_entries(LONG, Asked(is_whole=True)).ids) == 100


def test_links_keep_the_anchors_of_what_is_not_shown() -> None:
    view = parts_view(part_entries(LONG, NEWEST), "/tickets/X-1")
    assert view is not None
    assert [link.path for link in view.links] == [
        *("/tickets/X-1?entry=1#e1", "/tickets/X-1?entry=31#e31", "/tickets/X-1?entry=61#e61", "/tickets/X-1"),
    ]
    assert [one for link in view.links for one in link.anchors] == list(range(1, 71))
    assert (view.hidden, [link.is_here for link in view.links]) == (70, [False, False, False, True])


@pytest.mark.parametrize("typed", ["", "x", "-1", "1" * 12, "\N{SUPERSCRIPT TWO}"])
def test_what_is_no_entry_asks_for_the_newest(typed: str) -> None:
    assert asked_part({"entry": typed}) == NEWEST
