"""What a clock shows at a moment: its state, when it is due, and one line that says why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from gateway.domain.business_hours import ElapsedHours, Hours, hours_of
from gateway.domain.calendar import Calendar
from gateway.domain.clocks import Clock, Clocks, Guarantee, promised
from gateway.domain.contract import Counting, Guarantees

_ELAPSED = ElapsedHours()


class ClockState(StrEnum):
    """How it stands. A breached clock stays so, whether or not it was stopped later."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A clock read at `now`, under `terms`: those that judged it, or for a live clock those in force."""

    clock: Clock
    terms: Guarantees | None
    calendar: Calendar
    now: datetime

    @cached_property
    def promised(self) -> timedelta | None:
        """How long it may take; None where nothing is promised."""
        return promised(self.terms, self.clock.guarantee)

    @cached_property
    def spent(self) -> timedelta:
        """What has been counted so far."""
        spent = sum((self._hours.between(start, end) for start, end in self.clock.spans), timedelta(0))
        since = self.clock.running_since
        return spent if since is None or since > self.now else spent + self._hours.between(since, self.now)

    @cached_property
    def state(self) -> ClockState:
        """How it stands at this moment.

        - none: nothing is promised, or the ticket came to its end in time and without it
        - breached: more was counted than was promised; at the very moment when it is due it is not breached yet
        - met, paused, running: otherwise
        """
        if self.promised is None:
            return ClockState.NONE
        if self.spent > self.promised:
            return ClockState.BREACHED
        if self.clock.stopped_at is not None:
            return ClockState.MET if self.clock.met else ClockState.NONE
        return ClockState.RUNNING if self.clock.running_since is not None else ClockState.PAUSED

    @cached_property
    def due(self) -> datetime | None:
        """When it is or was due; None while it pauses with time left, and where nothing is promised."""
        return None if self.promised is None else self.moment_of(self.promised)

    def moment_of(self, amount: timedelta) -> datetime | None:
        """When so much will have been counted, or was; None where that depends on when a pause ends.

        For a clock that stopped before: when it would have been.
        """
        left = amount
        for start, end in self.clock.spans:
            length = self._hours.between(start, end)
            if length >= left:
                return self._hours.add(start, left)
            left -= length
        onwards = self.clock.running_since or self.clock.stopped_at
        return None if onwards is None else self._hours.add(onwards, left)

    @property
    def _hours(self) -> Hours:
        if self.terms is None or self.terms.counting is Counting.ELAPSED:
            return _ELAPSED
        return hours_of(self.calendar)


def read_clock(clock: Clock, clocks: Clocks, *, calendar: Calendar, now: datetime) -> Reading:
    """One of the ticket's clocks as it shows at `now`."""
    terms = clock.judged_by if clock.stopped_at else clocks.terms
    return Reading(clock=clock, terms=terms, calendar=calendar, now=now)


def read_current(clocks: Clocks, *, calendar: Calendar, now: datetime) -> dict[Guarantee, Reading]:
    """Both clocks of the ticket as they show at `now`."""
    return {clock.guarantee: read_clock(clock, clocks, calendar=calendar, now=now) for clock in clocks.current}


def explain(reading: Reading, clocks: Clocks) -> str:
    """One line: what is promised, from when it counts, what paused it, when it is due and how it stands."""
    clock, zone = reading.clock, reading.calendar.zone_info
    severity = (clock.severity if clock.stopped_at else clocks.severity) or "no severity"
    if reading.promised is None:
        why = f"no {clock.guarantee} is guaranteed for {clocks.kind}, {severity}"
        return f"{clock.guarantee}: {why}" + (f"; stopped by {clock.how}" if clock.stopped_at else "")
    assert reading.terms is not None, "something is promised"
    parts = [
        f"{clock.guarantee} {severity}: {span(reading.promised)} of {reading.terms.counting} hours",
        f"from {_local(clock.started_at, zone)}",
    ]
    if (pause := paused(clock, reading.now)) >= timedelta(minutes=1):
        parts.append(f"paused {span(pause)}")
    if reading.due is not None:
        parts.append(f"due {_local(reading.due, zone)}")
    return ", ".join([*parts, _standing(reading, zone)]) + f" ({reading.calendar.zone})"


def span(time: timedelta) -> str:
    """A length of time as people say it: `12 h`, `1 h 30`, `5 min`."""
    minutes = int(time / timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    return f"{rest} min" if not hours else f"{hours} h" + (f" {rest:02d}" if rest else "")


def _standing(reading: Reading, zone: ZoneInfo) -> str:
    clock = reading.clock
    assert reading.promised is not None, "asked only where something is promised"
    if clock.stopped_at:
        verb = "met" if reading.state is ClockState.MET else "stopped" if clock.met else "ended"
        late = ", too late" if reading.state is ClockState.BREACHED else ""
        return f"{verb} {_local(clock.stopped_at, zone)} by {clock.how}{late}"
    if reading.state is ClockState.BREACHED:
        return f"breached by {span(reading.spent - reading.promised)}"
    return f"{reading.state}, {span(reading.promised - reading.spent)} left"


def paused(clock: Clock, now: datetime) -> timedelta:
    """How long it was paused, in elapsed time, whatever its hours are."""
    end = clock.stopped_at or now
    ran = sum((stop - start for start, stop in clock.spans), timedelta(0))
    if clock.running_since is not None:
        ran += max(end - clock.running_since, timedelta(0))
    return end - clock.started_at - ran


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
