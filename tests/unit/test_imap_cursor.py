"""A cursor never passes a mail that is not settled, and a folder made anew is read from its beginning."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.imap_cursor import MAX_TRIES, Cursor, Progress, advance, first_cursor, in_order, is_old, under

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def cursor(last_uid: int = 0, *, begun_at: datetime | None = None, reread_to: int = 0) -> Cursor:
    return Cursor(uidvalidity=7, last_uid=last_uid, begun_at=begun_at, reread_to=reread_to)


@pytest.mark.parametrize(
    ("present", "settled", "leaving", "last_uid"),
    [
        ([], [], [], 10),
        ([11, 12, 13], [], [], 10),
        ([11, 12, 13], [11], [], 11),
        ([11, 12, 13], [11, 13], [], 11),
        ([11, 12, 13], [11, 12, 13], [], 13),
        ([11, 12, 13], [11, 12, 13], [12], 11),
        ([20], [], [], 19),
    ],
    ids=["nothing", "none", "first", "a gap", "all", "one still to be moved", "UIDs that were never there"],
)
def test_the_cursor_stops_before_the_first_mail_that_is_not_settled(
    present: list[int], settled: list[int], leaving: list[int], last_uid: int
) -> None:
    progress = Progress(settled=set(settled), leaving=set(leaving))
    assert advance(cursor(10), present=present, progress=progress).last_uid == last_uid


@given(present=st.lists(st.integers(1, 50), unique=True).map(sorted), data=st.data())
def test_however_a_look_is_cut_into_steps_no_unsettled_mail_is_passed(present: list[int], data: st.DataObject) -> None:
    progress, at = Progress(), cursor()
    settled: set[int] = set()
    for uid in data.draw(st.permutations(present)):
        if data.draw(st.booleans()):
            progress.settle(uid)
            settled.add(uid)
        at = advance(at, present=present, progress=progress)
        assert all(uid in settled for uid in present if uid <= at.last_uid)


def test_the_oldest_come_first_and_those_that_failed_last() -> None:
    progress = Progress(settled={3}, tries={1: 2, 2: 1})
    assert in_order([5, 4, 3, 2, 1], progress) == [4, 5, 2, 1]


def test_a_mail_is_given_up_after_many_tries_and_not_before() -> None:
    progress = Progress()
    for _ in range(MAX_TRIES):
        assert not progress.is_given_up(1)
        progress.note_try(1)
    assert progress.is_given_up(1)
    progress.keep_only([2])
    assert not progress.is_given_up(1)


@pytest.mark.parametrize(("start", "last_uid", "begun_at"), [("now", 41, NOW), ("all", 0, None)])
def test_a_folder_begins_with_what_comes_or_with_all(start: str, last_uid: int, begun_at: datetime | None) -> None:
    begun = first_cursor(uidvalidity=7, next_uid=42, start=start, now=NOW)
    assert (begun.last_uid, begun.begun_at) == (last_uid, begun_at)


def test_another_uidvalidity_begins_anew_and_the_same_one_goes_on() -> None:
    assert under(cursor(9), uidvalidity=7, next_uid=50) == cursor(9)
    anew = under(cursor(9, begun_at=NOW), uidvalidity=8, next_uid=50)
    assert (anew.uidvalidity, anew.last_uid, anew.begun_at, anew.reread_to) == (8, 0, NOW, 49)


@pytest.mark.parametrize(
    ("begun_at", "reread_to", "arrived_at", "old"),
    [
        (NOW, 9, NOW - timedelta(days=1), True),
        (NOW, 9, NOW - timedelta(minutes=59), False),
        (NOW, 9, NOW + timedelta(days=1), False),
        (NOW, 4, NOW - timedelta(days=1), False),
        (NOW, 9, None, False),
        (None, 9, NOW - timedelta(days=1), False),
    ],
    ids=["long before", "within the clocks' margin", "later", "came after the folder", "no date", "all is wanted"],
)
def test_only_in_a_folder_made_anew_and_only_from_before_we_began_is_a_mail_old(
    begun_at: datetime | None, reread_to: int, arrived_at: datetime | None, old: bool
) -> None:
    assert is_old(cursor(begun_at=begun_at, reread_to=reread_to), 5, arrived_at) is old
