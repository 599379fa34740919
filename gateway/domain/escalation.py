"""The marks that a clock passes, warnings and the breach, and whom each of them calls.

A mark at 50 or 75 % of a guaranteed time is a warning; the one at 100 % is the breach, passed the moment after the
clock was due.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.domain.calendar import Calendar
from gateway.domain.clock_reading import read_clock
from gateway.domain.clocks import Clocks, Guarantee
from gateway.domain.contract import Ladder, Rung

WARNINGS = (50, 75)
BREACH = 100
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, order=True)
class Mark:
    """A mark of one clock: when it is passed, if nothing happens before. `cycle` counts the reopenings until then.

    `calls` is false for a warning that comes too late to help: its clock has stopped since.
    """

    at: datetime
    cycle: int
    guarantee: Guarantee
    percent: int
    calls: bool = field(default=True, compare=False)

    @property
    def key(self) -> tuple[int, str, int]:
        """What tells it from the other marks of its ticket."""
        return self.cycle, self.guarantee.value, self.percent


def marks_of(clocks: Clocks, *, calendar: Calendar, now: datetime) -> list[Mark]:
    """Every mark that the ticket's clocks passed or will pass as things stand, earliest first.

    A clock that stopped passed only what came before; one that pauses will pass the rest when it goes on, at a moment
    that nobody knows yet.
    """
    return sorted(_marks(clocks, calendar=calendar, now=now))


def _marks(clocks: Clocks, *, calendar: Calendar, now: datetime) -> Iterator[Mark]:
    for number, clock in enumerate(clocks.clocks):
        reading = read_clock(clock, clocks, calendar=calendar, now=now)
        if reading.promised is None:
            continue
        for percent in (*WARNINGS, BREACH):
            at = reading.moment_of(reading.promised * percent / 100)
            if at is None:
                continue
            passed = at + _MOMENT if percent == BREACH else at
            if clock.stopped_at is None or passed <= clock.stopped_at:
                yield Mark(
                    at=passed,
                    cycle=number // len(Guarantee),
                    guarantee=clock.guarantee,
                    percent=percent,
                    calls=clock.stopped_at is None or percent == BREACH,
                )


def called(
    ladder: Ladder, percent: int, *, assignee: int | None, team: Set[int], supervisors: Set[int]
) -> frozenset[int]:
    """The people, by their ids, whom a mark calls. Where nobody stands on its rungs, it climbs to the next one."""
    by_rung: dict[Rung, Set[int]] = {
        Rung.ASSIGNEE: set() if assignee is None else {assignee},
        Rung.TEAM: team,
        Rung.SUPERVISOR: supervisors,
    }
    rungs = dict(ladder).get(percent, frozenset())
    found: set[int] = set()
    begun = False
    for rung in Rung:
        begun = begun or rung in rungs
        if rung in rungs or (begun and not found):
            found |= by_rung[rung]
    return frozenset(found)
