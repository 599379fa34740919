"""Working-time arithmetic: how much was worked between two moments, and when so much will have been worked.

Each year of a calendar is laid out once as spans of absolute time with running totals; after that an answer is two
binary searches, whatever lies between. All in whole microseconds since 1970, so adding up is exact and both changes
of the clock are simply absent: a wall time was turned into a moment when the year was laid out.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Protocol
from zoneinfo import ZoneInfo

from gateway.domain.calendar import Calendar, Override

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CHANGE_RESOLUTION = 1_000_000  # every change of every zone's clock falls on a whole second

_Span = tuple[int, int]


class Hours(Protocol):
    """A way to count time: working hours of a calendar, or every hour there is."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """What counts from `start` to `end`."""

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The first moment at which `amount` has been counted since `start`."""


class ElapsedHours:
    """Every hour counts."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """All the time from `start` to `end`. Raises ValueError where `end` is earlier."""
        if end < start:
            raise ValueError("the end is before the start")
        return end - start

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The moment `amount` after `start`. Raises ValueError for a negative amount."""
        if amount < timedelta(0):
            raise ValueError("time is not counted backwards")
        return start + amount


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Whether a calendar is open at a moment, and the layer that says so."""

    is_open: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class _Year:
    """The worked spans of one local year; `before[i]` is what was worked in it before span i, then the total."""

    begin: int
    end: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    before: tuple[int, ...]

    def worked_until(self, moment: int) -> int:
        """What was worked in this year before `moment`, which lies in it."""
        index = bisect_right(self.starts, moment) - 1
        return 0 if index < 0 else self.before[index] + min(moment, self.ends[index]) - self.starts[index]

    def moment_of(self, worked: int) -> int:
        """The first moment at which so much (more than nothing, at most the total) was worked."""
        index = bisect_left(self.before, worked) - 1
        return self.starts[index] + worked - self.before[index]


class BusinessHours:
    """A calendar made ready for arithmetic. Moments in and out are aware; what comes out is in UTC."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._years: dict[int, _Year] = {}

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from `start` to `end`. Raises ValueError where `end` is earlier."""
        first, last = _number(start), _number(end)
        if last < first:
            raise ValueError("the end is before the start")
        year_of_first, year_of_last = self._year_of(first), self._year_of(last)
        worked = self._year(year_of_last).worked_until(last) - self._year(year_of_first).worked_until(first)
        worked += sum(self._year(year).before[-1] for year in range(year_of_first, year_of_last))
        return timedelta(microseconds=worked)

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """The first moment at which `amount` was worked since `start`: 17:30 rather than 9:00 of the next day.

        Raises ValueError for a negative amount.
        """
        if amount < timedelta(0):
            raise ValueError("time is not counted backwards")
        if not amount:
            return start.astimezone(UTC)
        first = _number(start)
        year = self._year_of(first)
        worked = self._year(year).worked_until(first) + amount // _MICROSECOND
        while worked > (total := self._year(year).before[-1]):
            worked -= total
            year += 1
        return _moment(self._year(year).moment_of(worked))

    def opening(self, at: datetime) -> Opening:
        """Whether it is open at this moment, and why."""
        for override in reversed(self.calendar.overrides):
            if override.since <= at < override.until:
                return Opening(is_open=override.is_open, reason=f"emergency by {override.author}: {override.reason}")
        day = self.calendar.day(at.astimezone(self.calendar.zone_info).date())
        return Opening(is_open=self.is_open(at), reason=day.reason)

    def is_open(self, at: datetime) -> bool:
        """True from the first moment of a worked span to just before its end."""
        moment = _number(at)
        year = self._year(self._year_of(moment))
        index = bisect_right(year.starts, moment) - 1
        return index >= 0 and moment < year.ends[index]

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself where it is open, else the moment at which it opens next."""
        return at.astimezone(UTC) if self.is_open(at) else self.add(at, _MICROSECOND) - _MICROSECOND

    def _year_of(self, moment: int) -> int:
        year = _moment(moment).year
        table = self._year(year)
        return year - 1 if moment < table.begin else year + 1 if moment >= table.end else year

    def _year(self, year: int) -> _Year:
        table = self._years.get(year)
        if table is None:
            table = self._years[year] = _lay_out(self.calendar, year)
        return table


@lru_cache(maxsize=256)
def hours_of(calendar: Calendar) -> BusinessHours:
    """The calendar made ready, once for each process and calendar."""
    return BusinessHours(calendar)


def _lay_out(calendar: Calendar, year: int) -> _Year:
    zone = calendar.zone_info
    begin, end = _wall(zone, date(year, 1, 1), 0), _wall(zone, date(year + 1, 1, 1), 0)
    spans = list(_worked_spans(calendar, year))
    for override in calendar.overrides:
        spans = list(_overridden(spans, override, begin=begin, end=end))
    spans = _joined(spans)
    return _Year(
        begin=begin,
        end=end,
        starts=tuple(start for start, _ in spans),
        ends=tuple(stop for _, stop in spans),
        before=tuple(accumulate((stop - start for start, stop in spans), initial=0)),
    )


def _worked_spans(calendar: Calendar, year: int) -> Iterator[_Span]:
    zone = calendar.zone_info
    day, last = date(year, 1, 1), date(year, 12, 31)
    while True:
        for first, end in calendar.day(day).hours:
            span = _wall(zone, day, first), _wall(zone, day, end, repeated=1)
            if span[0] < span[1]:  # a span that the change of the clock skips is no time at all
                yield span
        if day == last:
            return
        day += timedelta(days=1)


def _overridden(spans: Iterable[_Span], override: Override, *, begin: int, end: int) -> Iterator[_Span]:
    since, until = max(_number(override.since), begin), min(_number(override.until), end)
    for start, stop in spans:
        if since >= until:
            yield start, stop
            continue
        if start < min(stop, since):
            yield start, min(stop, since)
        if max(start, until) < stop:
            yield max(start, until), stop
    if override.is_open and since < until:
        yield since, until


def _joined(spans: Iterable[_Span]) -> list[_Span]:
    joined: list[_Span] = []
    for start, stop in sorted(spans):
        if joined and joined[-1][1] >= start:
            joined[-1] = joined[-1][0], max(joined[-1][1], stop)
        else:
            joined.append((start, stop))
    return joined


def _wall(zone: ZoneInfo, day: date, minute: int, *, repeated: int = 0) -> int:
    """The moment of a wall time (minute 1440: the next midnight).

    One that the clock skips is the moment of the change; of one that comes twice, `repeated` says which.
    """
    naive = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001  # a wall time
    moment = naive.replace(tzinfo=zone, fold=repeated)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive:
        return _number(moment)
    # Skipped: the two readings of it lie on both sides of the change.
    low, high = sorted(_number(naive.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    offset = _moment(low).astimezone(zone).utcoffset()
    while high - low > _CHANGE_RESOLUTION:
        middle = (low + high) // 2 // _CHANGE_RESOLUTION * _CHANGE_RESOLUTION
        if _moment(middle).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(number: int) -> datetime:
    return _EPOCH + timedelta(microseconds=number)
