"""What happens by itself to a ticket that waits for its reporter, or that is resolved: reminders, then the end.

Counted in working days of the project's calendar from the moment since which it stands so. Pure: the history decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from gateway.domain.business_hours import hours_of
from gateway.domain.calendar import Calendar
from gateway.domain.events import EventType, TicketEvent
from gateway.domain.ticket import Status

_LONGEST_PAUSE = 366  # days without a working day; a calendar that has none at all for a year plans nothing


class Step(StrEnum):
    """What is done."""

    REMIND = "remind"
    CLOSE = "close"


@dataclass(frozen=True, kw_only=True)
class FollowUpRules:
    """Working days: when reminders are sent, and when a ticket that waits or is resolved is closed.

    None: it is not closed by itself. Raises ValueError with every fault.
    """

    remind_after: tuple[int, ...] = (2, 5)
    close_waiting_after: int | None = 10
    close_resolved_after: int | None = 10

    def __post_init__(self) -> None:
        """Refuse reminders that are out of order or come after the end."""
        faults = []
        if list(self.remind_after) != sorted(set(self.remind_after)) or any(days < 1 for days in self.remind_after):
            faults.append("reminders come after 1 working day or more, in order, each day once")
        last = max(self.remind_after, default=0)
        if self.close_waiting_after is not None and self.close_waiting_after <= last:
            faults.append(f"a ticket that waits is closed after its last reminder ({last} working days)")
        if self.close_resolved_after is not None and self.close_resolved_after < 1:
            faults.append("a resolved ticket is closed after 1 working day or more")
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def notice_days(self) -> int:
        """Working days between the last reminder and the end: what everybody gets, however late a reminder was."""
        if self.close_waiting_after is None:
            return 0
        return self.close_waiting_after - max(self.remind_after, default=0)


USUAL_FOLLOW_UP = FollowUpRules()


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """One step of a ticket that stands as it does `since` then; `number` counts reminders from 1, the end is 0."""

    since: datetime
    step: Step
    number: int
    at: datetime


def plan_follow_ups(history: Sequence[TicketEvent], *, calendar: Calendar, rules: FollowUpRules) -> list[FollowUp]:
    """The steps to come for a ticket with this whole history, in order.

    - waiting for its reporter: reminders, then it is closed
    - resolved: it is closed
    - anything else: nothing
    """
    moves = [event for event in history if event.type is EventType.STATUS]
    if not moves or moves[-1].value not in {Status.PENDING, Status.RESOLVED}:
        return []
    since, waits = moves[-1].at, moves[-1].value == Status.PENDING
    reminders = rules.remind_after if waits else ()
    closes = rules.close_waiting_after if waits else rules.close_resolved_after
    planned = [(Step.REMIND, number, days) for number, days in enumerate(reminders, start=1)]
    planned += [] if closes is None else [(Step.CLOSE, 0, closes)]
    return [
        FollowUp(since=since, step=step, number=number, at=at)
        for step, number, days in planned
        if (at := after_working_days(since, days, calendar=calendar)) is not None
    ]


def after_working_days(start: datetime, days: int, *, calendar: Calendar) -> datetime | None:
    """The same time of day on the `days`-th working day after `start`, by the calendar's wall clock.

    A day with any working time counts, after emergency openings and closings. None where none comes for a year.
    """
    local = start.astimezone(calendar.zone_info)
    day, left, idle = local.date(), days, 0
    while left > 0:
        day += timedelta(days=1)
        idle += 1
        if _is_worked(day, calendar):
            left, idle = left - 1, 0
        if idle > _LONGEST_PAUSE:
            return None
    return datetime.combine(day, local.time(), tzinfo=calendar.zone_info).astimezone(start.tzinfo)


def _is_worked(day: date, calendar: Calendar) -> bool:
    if not calendar.overrides:
        return bool(calendar.day(day).hours)
    begin = datetime.combine(day, time(), tzinfo=calendar.zone_info)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=calendar.zone_info)
    return hours_of(calendar).between(begin, end) > timedelta(0)
