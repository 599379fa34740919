"""Working time: counted to the second on both sides of every edge, and held to its laws by random calendars."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.business_hours import BusinessHours, ElapsedHours, hours_of
from gateway.domain.calendar import MINUTES_A_DAY, Calendar, Override, parse_hours

PARIS = ZoneInfo("Europe/Paris")
OFFICE = BusinessHours(Calendar())
HOUR = timedelta(hours=1)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def always(text: str) -> BusinessHours:
    """Every day the same hours, holidays or not."""
    return BusinessHours(Calendar(week=(parse_hours(text),) * 7, region="none"))


@pytest.mark.parametrize("day", ["2026-03-27", "2026-03-30", "2026-10-23", "2026-10-26"])
@pytest.mark.parametrize(
    ("clock", "is_open"), [("08:59:59.999999", False), ("09:00", True), ("17:29:59.999999", True), ("17:30", False)]
)
def test_the_office_opens_at_nine_and_is_closed_at_half_past_five_on_both_sides_of_a_change(
    day: str, clock: str, is_open: bool
) -> None:
    assert OFFICE.is_open(paris(f"{day}T{clock}")) is is_open


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-20T17:00", 1, "2026-11-23T09:30"),  # over a weekend
        ("2026-11-20T17:00", 0.5, "2026-11-20T17:30"),  # exactly used up: that evening, not the next morning
        ("2026-11-20T20:00", 8.5, "2026-11-23T17:30"),
        ("2026-11-21T03:00", 12, "2026-11-24T12:30"),
        ("2026-03-27T17:00", 1, "2026-03-30T09:30"),  # the clock went forward on Sunday
        ("2026-10-23T17:00", 1, "2026-10-26T09:30"),  # and back
        ("2026-12-31T17:00", 1, "2027-01-04T09:30"),  # over New Year, a Friday, and a weekend
        ("2026-05-13T17:00", 1, "2026-05-15T09:30"),  # over Ascension
        ("2027-05-05T17:00", 1, "2027-05-07T09:30"),  # which moves
        ("2026-04-03T17:00", 1, "2026-04-07T09:30"),  # over Easter Monday
    ],
)
def test_a_due_time_falls_into_worked_hours(start: str, hours: float, due: str) -> None:
    assert OFFICE.add(paris(start), hours * HOUR) == paris(due)


def test_the_year_2026_has_252_working_days_of_eight_and_a_half_hours() -> None:
    assert OFFICE.between(paris("2026-01-01T00:00"), paris("2027-01-01T00:00")) == 252 * 8.5 * HOUR


def test_the_last_minute_of_a_year_belongs_to_it() -> None:
    nights = always("22:00-24:00")
    assert nights.is_open(paris("2026-12-31T23:59"))
    assert not nights.is_open(paris("2027-01-01T00:00"))
    assert nights.between(paris("2026-12-31T23:59"), paris("2027-01-01T22:01")) == timedelta(minutes=2)


def test_a_lunch_break_is_not_worked() -> None:
    calendar = BusinessHours(Calendar(week=(*[parse_hours("9:00-12:30, 13:30-17:30")] * 5, (), ())))
    assert not calendar.is_open(paris("2026-11-24T12:30"))
    assert calendar.is_open(paris("2026-11-24T13:30"))
    assert calendar.add(paris("2026-11-24T12:00"), HOUR) == paris("2026-11-24T14:00")


@pytest.mark.parametrize(
    ("hours", "day", "worked"),
    [
        ("0:00-24:00", "2026-03-29", 23),
        ("0:00-24:00", "2026-10-25", 25),
        ("1:00-4:00", "2026-03-29", 2),
        ("1:00-4:00", "2026-10-25", 4),
        ("2:30-4:00", "2026-03-29", 1),  # 2:30 does not come: it opens when the clock jumps to 3:00
        ("1:00-2:30", "2026-03-29", 1),  # nor does it end: it closes at the jump
        ("2:10-2:50", "2026-03-29", 0),
        ("2:30-3:00", "2026-10-25", 1.5),  # opens at the first 2:30
        ("1:00-2:30", "2026-10-25", 2.5),  # and closes at the second
    ],
)
def test_a_night_shift_works_what_the_change_of_the_clock_leaves(hours: str, day: str, worked: float) -> None:
    start = paris(f"{day}T00:00")
    end = datetime.combine(start.date() + timedelta(days=1), datetime.min.time(), PARIS)
    assert always(hours).between(start, end) == worked * HOUR


def test_years_are_crossed_without_losing_a_second() -> None:
    start, end = paris("2020-02-29T10:00"), paris("2031-07-15T11:00")
    worked = OFFICE.between(start, end)
    assert OFFICE.add(start, worked) == end
    assert worked == sum(
        (
            OFFICE.between(max(start, paris(f"{year}-01-01T00:00")), min(end, paris(f"{year + 1}-01-01T00:00")))
            for year in range(2020, 2032)
        ),
        timedelta(),
    )


def test_an_emergency_closes_and_opens_for_its_time_and_the_later_word_counts() -> None:
    author = "chief@support.example"
    closed = Override(
        is_open=False,
        since=paris("2026-11-24T10:00"),
        until=paris("2026-11-24T16:00"),
        author=author,
        reason="no power",
    )
    opened = Override(
        is_open=True,
        since=paris("2026-11-24T15:00"),
        until=paris("2026-11-24T20:00"),
        author=author,
        reason="power is back",
    )
    hours = BusinessHours(Calendar(overrides=(closed, opened)))
    midnight = paris("2026-11-24T00:00")
    assert hours.between(midnight, midnight + timedelta(days=1)) == 6 * HOUR
    assert hours.opening(paris("2026-11-24T10:00")).reason == f"emergency by {author}: no power"
    assert not hours.is_open(paris("2026-11-24T14:59:59"))
    assert hours.is_open(paris("2026-11-24T15:00"))
    assert hours.is_open(paris("2026-11-24T19:59:59"))
    assert not hours.is_open(paris("2026-11-24T20:00"))
    assert hours.is_open(paris("2026-11-25T10:00")), "it has expired"


def test_an_emergency_over_new_year_counts_on_both_sides() -> None:
    opened = Override(
        is_open=True, since=paris("2026-12-31T23:00"), until=paris("2027-01-01T02:00"), author="a@b.example", reason=""
    )
    hours = BusinessHours(Calendar(overrides=(opened,)))
    assert hours.between(paris("2026-12-31T20:00"), paris("2027-01-02T00:00")) == 3 * HOUR


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-24T12:00", "2026-11-24T12:00"),
        ("2026-11-24T17:30", "2026-11-25T09:00"),
        ("2026-11-20T17:30", "2026-11-23T09:00"),
        ("2026-12-24T18:00", "2026-12-28T09:00"),
    ],
)
def test_who_comes_too_late_is_told_when_it_opens_next(at: str, opens: str) -> None:
    assert OFFICE.next_opening(paris(at)) == paris(opens)


def test_time_is_not_counted_backwards() -> None:
    now = paris("2026-11-24T12:00")
    for hours in (OFFICE, ElapsedHours()):
        with pytest.raises(ValueError):
            hours.between(now, now - HOUR)
        with pytest.raises(ValueError):
            hours.add(now, -HOUR)


def test_a_due_time_costs_microseconds_however_far_away_it_is() -> None:
    start = paris("2026-11-20T17:00")
    OFFICE.add(start, 30_000 * HOUR)  # lays the years out
    began = time.process_time()
    for _ in range(2000):
        OFFICE.add(start, 48 * HOUR)
    each = (time.process_time() - began) / 2000
    assert each < 100e-6, "a walk over the minutes would take milliseconds"


def test_equal_calendars_share_one_layout() -> None:
    assert hours_of(Calendar()) is hours_of(Calendar(zone="Europe/Paris"))


# Random calendars, one law checked against a walk that knows nothing of tables.

SPAN_START = datetime(2026, 3, 20, tzinfo=UTC)
minutes = st.integers(min_value=0, max_value=12 * MINUTES_A_DAY)
moments = minutes.map(lambda minute: SPAN_START + timedelta(minutes=minute))
amounts = st.integers(min_value=1, max_value=400 * 3600 * 10**6).map(lambda number: timedelta(microseconds=number))
fine_moments = st.integers(0, 68_000_000_000_000).map(
    lambda number: SPAN_START + timedelta(days=-110, microseconds=number)
)


@st.composite
def day_hours(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    edges = sorted(draw(st.sets(st.integers(0, MINUTES_A_DAY // 30), max_size=4)))
    return tuple((start * 30, end * 30) for start, end in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = draw(st.tuples(*[day_hours()] * 7).filter(any))
    days = st.dates(date(2026, 3, 18), date(2026, 4, 5))
    closed = draw(st.frozensets(days, max_size=3))
    worked = draw(st.dictionaries(days.filter(lambda day: day not in closed), day_hours(), max_size=3))
    overrides = tuple(
        Override(is_open=is_open, since=since, until=since + timedelta(minutes=length), author="a@b.example", reason="")
        for is_open, since, length in draw(
            st.lists(st.tuples(st.booleans(), moments, st.integers(1, 3000)), max_size=3)
        )
    )
    region = draw(st.sampled_from(["FR", "FR-57", "none"]))
    return Calendar(week=week, region=region, closed=closed, worked=tuple(worked.items()), overrides=overrides)


@settings(max_examples=50)
@given(calendars(), minutes, minutes)
def test_working_time_is_what_a_walk_over_half_hours_finds(calendar: Calendar, one: int, two: int) -> None:
    """Without emergencies, whose edges need not fall on half hours."""
    start, end = (SPAN_START + timedelta(minutes=number // 30 * 30) for number in sorted((one, two)))
    walked = sum(is_worked(calendar, moment) for moment in every_half_hour(start, end))
    assert BusinessHours(replace(calendar, overrides=())).between(start, end) == timedelta(minutes=30 * walked)


def every_half_hour(start: datetime, end: datetime) -> list[datetime]:
    return [start + timedelta(minutes=30 * number) for number in range((end - start) // timedelta(minutes=30))]


def is_worked(calendar: Calendar, moment: datetime) -> bool:
    local = moment.astimezone(PARIS)
    minute = local.hour * 60 + local.minute
    return any(first <= minute < end for first, end in calendar.day(local.date()).hours)


@given(calendars(), st.lists(fine_moments, min_size=3, max_size=3).map(sorted))
def test_working_time_adds_up_and_never_exceeds_what_elapsed(calendar: Calendar, moments: list[datetime]) -> None:
    first, middle, last = moments
    hours = BusinessHours(calendar)
    assert hours.between(first, middle) + hours.between(middle, last) == hours.between(first, last)
    assert timedelta(0) <= hours.between(first, last) <= last - first


@given(calendars(), fine_moments, amounts, amounts)
def test_a_due_time_undoes_counting_and_grows_with_the_amount(
    calendar: Calendar, start: datetime, amount: timedelta, more: timedelta
) -> None:
    hours = BusinessHours(calendar)
    due = hours.add(start, amount)
    assert hours.between(start, due) == amount
    assert hours.between(start, due - timedelta(microseconds=1)) < amount, "it is the first such moment"
    assert hours.add(due, more) == hours.add(start, amount + more)
    assert start < due < hours.add(start, amount + more)


@given(calendars(), fine_moments)
def test_open_means_that_time_is_worked_from_this_moment_on(calendar: Calendar, at: datetime) -> None:
    hours = BusinessHours(calendar)
    moment = timedelta(microseconds=1)
    assert hours.is_open(at) == (hours.between(at, at + moment) == moment) == hours.opening(at).is_open
    opens = hours.next_opening(at)
    assert hours.is_open(opens)
    assert hours.between(at, opens) == timedelta(0)
