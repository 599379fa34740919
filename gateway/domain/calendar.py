"""The working calendar: which hours of which days are worked, and why a day is as it is.

Layers, the first that says something wins: an emergency opening or closing, a day that is worked by exception, a
company closing day, a public holiday, the week. Values only; `business_hours.py` does the arithmetic.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from gateway.domain.public_holidays import public_holidays, regions
from gateway.domain.reasons import Reason
from gateway.domain.saying import Unfit

DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_A_DAY = 24 * 60

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")

DayHours = tuple[tuple[int, int], ...]
"""The worked spans of a day in minutes of its wall clock, half-open, in order, apart: `((540, 1050),)`."""


def parse_hours(text: str) -> DayHours:
    """Read `9:00-17:30`, or `9:00-12:30, 13:30-17:30` with a lunch break; empty text is a day off.

    `24:00` is the end of a day. Raises Unfit for anything else.
    """
    spans: list[tuple[int, int]] = []
    for piece in filter(None, (part.strip() for part in text.split(","))):
        match = _SPAN.fullmatch(piece)
        if match is None:
            raise Unfit(Reason.HOURS_FORM(text=piece))
        first_hour, first_minute, last_hour, last_minute = (int(group) for group in match.groups())
        spans.append((first_hour * 60 + first_minute, last_hour * 60 + last_minute))
        if max(first_minute, last_minute) > 59 or not 0 <= spans[-1][0] < spans[-1][1] <= MINUTES_A_DAY:
            raise Unfit(Reason.HOURS_BACKWARDS(text=piece))
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise Unfit(Reason.HOURS_OVERLAP(text=text))
    return tuple(spans)


OFFICE_HOURS = parse_hours("9:00-17:30")
OFFICE_WEEK: tuple[DayHours, ...] = (*[OFFICE_HOURS] * 5, (), ())


@dataclass(frozen=True, kw_only=True)
class Override:
    """An emergency: open or closed from `since` until `until` whatever the calendar says, by whose word and why."""

    is_open: bool
    since: datetime
    until: datetime
    author: str
    reason: str

    def __post_init__(self) -> None:
        """Raise ValueError for one that never expires, that nobody signs, or whose times have no zone."""
        if self.since.tzinfo is None or self.until.tzinfo is None:
            raise ValueError("an emergency begins and ends at moments with a time zone")
        if self.until <= self.since:
            raise ValueError("an emergency must end after it begins")
        if not self.author.strip():
            raise ValueError("an emergency needs an author")


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of a calendar: its worked hours, and the layer that decided."""

    hours: DayHours
    reason: str


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """When a project works. `week` begins on Monday; `worked` are exceptions with hours of their own.

    `region` is one of `public_holidays.regions()`. Of two overrides that meet, the one written later counts.
    Raises ValueError with every fault, and for a calendar with no working time.
    """

    zone: str = "Europe/Paris"
    week: tuple[DayHours, ...] = OFFICE_WEEK
    region: str = "FR"
    closed: frozenset[date] = frozenset()
    worked: tuple[tuple[date, DayHours], ...] = ()
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a calendar that makes no sense."""
        if faults := _faults(self):
            raise ValueError("; ".join(faults))

    @property
    def zone_info(self) -> ZoneInfo:
        """The time zone of its wall clock."""
        return ZoneInfo(self.zone)

    def day(self, day: date) -> Day:
        """What the layers below an emergency say about a day."""
        for exception, hours in self.worked:
            if exception == day:
                return Day(hours=hours, reason="worked by exception")
        if day in self.closed:
            return Day(hours=(), reason="company closing day")
        if name := public_holidays(self.region, day.year).get(day):
            return Day(hours=(), reason=f"public holiday ({name})")
        return Day(hours=self.week[day.weekday()], reason=DAY_NAMES[day.weekday()])


def is_zone(name: str) -> bool:
    """True for a time zone that this machine knows, by its IANA name."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such zone, a folder of zones, no name at all
        return False
    return True


def _faults(calendar: Calendar) -> list[str]:
    faults = []
    if not is_zone(calendar.zone):
        faults.append(f"there is no time zone {calendar.zone!r}")
    if calendar.region not in regions():
        faults.append(f"holidays {calendar.region!r} is none of {', '.join(sorted(regions()))}")
    if len(calendar.week) != len(DAY_NAMES):
        faults.append("a week has seven days")
    if not any(calendar.week):
        faults.append("no day of the week has any working time")
    exceptions = [day for day, _ in calendar.worked]
    faults += [f"{day} is worked and a closing day" for day in exceptions if day in calendar.closed]
    faults += [f"{day} is worked twice" for day in sorted(set(exceptions)) if exceptions.count(day) > 1]
    return faults


USUAL_CALENDAR = Calendar()
