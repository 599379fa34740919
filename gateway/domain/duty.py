"""Who is on duty for a hotline: a weekly pattern, and days that are different."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One person's turn, in minutes of the wall clock of the project's calendar, half-open.

    On every `weekday` (Monday is 0), or on one `day`, which then counts instead of the week; always, where neither is
    given. The lowest `position` is rung first.
    """

    person_id: int
    position: int
    start: int
    end: int
    weekday: int | None = None
    day: date | None = None


def on_duty(shifts: Iterable[Shift], at: datetime) -> tuple[int, ...]:
    """The people on duty at a local time, the first to ring first, each once.

    - a day that has shifts of its own has no others
    - a shift covers its first minute and not its last
    """
    known = list(shifts)
    own = [shift for shift in known if shift.day == at.date()]
    usual = [shift for shift in known if shift.day is None and shift.weekday in {None, at.weekday()}]
    minute = at.hour * 60 + at.minute
    now = [shift for shift in own or usual if shift.start <= minute < shift.end]
    return tuple(dict.fromkeys(shift.person_id for shift in sorted(now, key=lambda shift: shift.position)))
