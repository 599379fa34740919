"""What a calendar may say, and which layer decides about a day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.domain.calendar import OFFICE_HOURS, Calendar, Override, parse_hours
from gateway.domain.public_holidays import public_holidays, regions

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("9:00-17:30", ((540, 1050),)),
        ("09:00 - 17:30", ((540, 1050),)),
        ("9:00-12:30, 13:30-17:30", ((540, 750), (810, 1050))),
        ("9:00-12:00,12:00-17:00", ((540, 720), (720, 1020))),
        ("0:00-24:00", ((0, 1440),)),
        ("", ()),
        ("  ", ()),
    ],
)
def test_hours_are_written_as_people_write_them(text: str, hours: object) -> None:
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    "text",
    [
        "9-17",
        "9:00",
        "9:60-17:00",
        "17:30-9:00",
        "9:00-9:00",
        "9:00-24:01",
        "10:00-12:00, 9:00-10:00",
        "9:00-12:00, 11:00-13:00",
        "9:00-17:30;",
    ],
)
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_hours(text)


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2026, ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25"]),
        (2027, ["01-01", "03-29", "05-01", "05-06", "05-08", "05-17", "07-14", "08-15", "11-01", "11-11", "12-25"]),
        (2028, ["01-01", "04-17", "05-01", "05-08", "05-25", "06-05", "07-14", "08-15", "11-01", "11-11", "12-25"]),
    ],
)
def test_all_of_france_keeps_eleven_days_and_three_of_them_move(year: int, days: list[str]) -> None:
    assert sorted(f"{day:%m-%d}" for day in public_holidays("FR", year)) == days


def test_a_region_adds_its_own_days() -> None:
    extra = set(public_holidays("FR-57", 2027)) - set(public_holidays("FR", 2027))
    assert extra == {date(2027, 3, 26), date(2027, 12, 26)}
    assert date(2026, 12, 20) in public_holidays("FR-974", 2026), "the abolition of slavery, on Réunion"
    assert public_holidays("none", 2026) == {}


def test_the_zones_of_the_school_calendar_close_no_office() -> None:
    assert not [region for region in regions() if "Zone" in region]
    with pytest.raises(KeyError):
        public_holidays("FR-Zone A", 2026)


@pytest.mark.parametrize(
    ("day", "is_worked", "reason"),
    [
        (date(2026, 5, 13), True, "wednesday"),
        (date(2026, 5, 16), False, "saturday"),
        (date(2026, 5, 14), False, "public holiday (Ascension)"),
        (date(2026, 5, 15), False, "company closing day"),
        (date(2026, 5, 25), True, "worked by exception"),
    ],
)
def test_the_first_layer_that_says_something_decides(day: date, is_worked: bool, reason: str) -> None:
    bridge, solidarity = date(2026, 5, 15), date(2026, 5, 25)
    calendar = Calendar(closed=frozenset({bridge}), worked=((solidarity, OFFICE_HOURS),))
    found = calendar.day(day)
    assert (bool(found.hours), found.reason) == (is_worked, reason)


def test_a_calendar_with_no_working_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no day of the week has any working time"):
        Calendar(week=((),) * 7)


def test_every_fault_of_a_calendar_is_told_at_once() -> None:
    day = date(2026, 12, 24)
    with pytest.raises(ValueError) as refusal:
        Calendar(
            zone="Europe/Lutetia",
            region="FR-00",
            week=((),) * 5,
            closed=frozenset({day}),
            worked=((day, OFFICE_HOURS), (day, OFFICE_HOURS)),
        )
    for words in ("Europe/Lutetia", "FR-00", "seven days", "no day", "closing day", "worked twice"):
        assert words in str(refusal.value)


@pytest.mark.parametrize(
    "fault",
    [{"until": NOON}, {"until": NOON - timedelta(hours=1)}, {"author": " "}, {"since": NOON.replace(tzinfo=None)}],
)
def test_an_emergency_expires_and_is_signed(fault: dict[str, object]) -> None:
    values: dict[str, object] = {
        "is_open": False,
        "since": NOON,
        "until": NOON + timedelta(hours=1),
        "author": "chief@support.example",
        "reason": "fire drill",
    }
    Override(**values)  # type: ignore[arg-type]  # fields by name
    with pytest.raises(ValueError):
        Override(**values | fault)  # type: ignore[arg-type]  # fields by name
