"""A duty roster as the desk shows it: this week and the next day by day, the pattern behind, and later exceptions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date
from flask_babel import gettext
from sqlalchemy import Connection

from gateway.db.hotline import list_shifts
from gateway.db.people import Person, find_people
from gateway.domain.duty import Shift, shifts_of_day, stood_in_for
from gateway.domain.project import Project
from gateway.domain.ticket import Language
from web.i18n import language

_WEEK = 7
_SHOWN = 2 * _WEEK
_SOME_MONDAY = date(2024, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Hours of a day, and who is rung then, the first first."""

    hours: str
    people: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DayView:
    """A day of the roster.

    `is_own` where it counts instead of the week, `instead_of` whose turn it would be; `is_closed` where the calendar
    says that nobody works.
    """

    name: str
    turns: tuple[Turn, ...]
    is_today: bool = False
    is_closed: bool = False
    is_own: bool = False
    instead_of: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RosterView:
    """A project's roster. `weeks` are this one and the next; `agents` can be chosen, None for who changes nothing."""

    project: Project
    weeks: tuple[Sequence[DayView], ...]
    pattern: Sequence[DayView]
    later: Sequence[DayView]
    is_empty: bool
    agents: Sequence[tuple[str, str]] | None


def roster_view(
    connection: Connection, project: Project, *, today: date, agents: Sequence[Person] | None
) -> RosterView:
    """The roster as it is on record. `today` is the day by the project's clock."""
    shifts = list_shifts(connection, project.key)
    people = find_people(connection, {shift.person_id for shift in shifts})
    names = {person.id: person.name or person.email for person in people}
    monday = today - timedelta(days=today.weekday())
    shown = [
        _day_view(shifts, monday + timedelta(days=index), names, project=project, today=today)
        for index in range(_SHOWN)
    ]
    after = monday + timedelta(days=_SHOWN)
    later = sorted({shift.day for shift in shifts if shift.day is not None and shift.day >= after})
    return RosterView(
        project=project,
        weeks=(shown[:_WEEK], shown[_WEEK:]),
        pattern=_pattern(shifts, names),
        later=[_day_view(shifts, day, names, project=project, today=today) for day in later],
        is_empty=not shifts,
        agents=None if agents is None else [(one.email, _named(one)) for one in agents],
    )


def _pattern(shifts: Sequence[Shift], names: Mapping[int, str]) -> list[DayView]:
    usual = [shift for shift in shifts if shift.day is None]
    days = (_SOME_MONDAY + timedelta(days=index) for index in range(_WEEK))
    return [
        DayView(name=_written(day, "EEEE"), turns=_turns(shifts_of_day(usual, day), names), is_today=False)
        for day in days
    ]


def _day_view(
    shifts: Sequence[Shift], day: date, names: Mapping[int, str], *, project: Project, today: date
) -> DayView:
    return DayView(
        name=_written(day, "EEEE d MMMM" if day.year == today.year else "EEEE d MMMM y"),
        turns=_turns(shifts_of_day(shifts, day), names),
        is_today=day == today,
        is_closed=not project.calendar.day(day).hours,
        is_own=any(shift.day == day for shift in shifts),
        instead_of=tuple(names[ident] for ident in stood_in_for(shifts, day)),
    )


def _turns(shifts: Sequence[Shift], names: Mapping[int, str]) -> tuple[Turn, ...]:
    spans = sorted({(shift.start, shift.end) for shift in shifts})
    ordered = sorted(shifts, key=lambda shift: shift.position)
    return tuple(
        Turn(
            hours=gettext("%(start)s to %(end)s", start=clock_time(start), end=clock_time(end)),
            people=tuple(names[one.person_id] for one in ordered if (one.start, one.end) == (start, end)),
        )
        for start, end in spans
    )


def clock_time(minute: int) -> str:
    """A minute of the day as it is written: `17 h 30` in French, `17:30` in English."""
    hour, rest = divmod(minute, 60)
    if language() is not Language.FR:
        return f"{hour}:{rest:02d}"
    return f"{hour}\N{NO-BREAK SPACE}h" + (f"\N{NO-BREAK SPACE}{rest:02d}" if rest else "")


def _named(person: Person) -> str:
    return f"{person.name} ({person.email})" if person.name else person.email


def _written(day: date, pattern: str) -> str:
    """A day as it is written; in French the first is not counted as the others are: 1er décembre, 2 décembre."""
    if language() is Language.FR and day.day == 1:
        pattern = pattern.replace(" d ", " d'er' ")
    text = str(format_date(day, pattern, locale=language().value))
    return text[:1].upper() + text[1:]
