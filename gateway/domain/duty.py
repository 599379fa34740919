"""Who is on duty for a hotline: a weekly pattern, days that are different, and who takes whose turn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
    minute = at.hour * 60 + at.minute
    now = [shift for shift in shifts_of_day(shifts, at.date()) if shift.start <= minute < shift.end]
    return tuple(dict.fromkeys(shift.person_id for shift in sorted(now, key=lambda shift: shift.position)))


def shifts_of_day(shifts: Iterable[Shift], day: date) -> list[Shift]:
    """The shifts that count on a day: its own, or else those of the week."""
    known = list(shifts)
    own = [shift for shift in known if shift.day == day]
    return own or [shift for shift in known if shift.day is None and shift.weekday in {None, day.weekday()}]


def stood_in_for(shifts: Iterable[Shift], day: date) -> tuple[int, ...]:
    """Whose turn it is by the week on a day that has shifts of its own without them, each once; nobody on others."""
    known = list(shifts)
    now = {shift.person_id for shift in shifts_of_day(known, day)}
    usual = shifts_of_day([shift for shift in known if shift.day is None], day)
    return tuple(dict.fromkeys(shift.person_id for shift in usual if shift.person_id not in now))


def swapped(shifts: Iterable[Shift], day: date, turns: Mapping[int, int]) -> list[Shift]:
    """The shifts of a day, as its own, once some people's turns are others': `turns` are who takes over, by whose turn.

    A person who would have two turns at the same minutes keeps the one that is rung first.
    """
    moved = [
        replace(shift, person_id=turns.get(shift.person_id, shift.person_id), weekday=None, day=day)
        for shift in shifts_of_day(shifts, day)
    ]
    first: dict[tuple[int, int, int], Shift] = {}
    for shift in sorted(moved, key=lambda shift: shift.position):
        first.setdefault((shift.person_id, shift.start, shift.end), shift)
    return list(first.values())
