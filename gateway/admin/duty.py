"""`gateway duty`: who is on duty for a hotline."""

from datetime import date

import click
from sqlalchemy import Connection

from gateway.admin.context import command_runtime, print_rows
from gateway.db.hotline import list_shifts, replace_shifts
from gateway.db.people import Person, find_person, find_person_by_id
from gateway.domain.calendar import DAY_NAMES, parse_hours
from gateway.domain.duty import Shift, shifts_of_day, swapped
from gateway.errors import NotFound, Refused
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.refresh_hotline import refresh_hotline

_project = click.option("--project", help="The project's key; needed where there are several.")


@click.group()
def duty() -> None:
    """Who is on duty for a hotline. Without any roster, everybody of N2 who has a number is."""


@duty.command("show")
@_project
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def duty_show(project: str | None, *, as_json: bool) -> None:
    """The roster, in the order of ringing."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        key = _key(runtime, project)
        rows = []
        for shift in sorted(list_shifts(connection, key), key=_order):
            person = find_person_by_id(connection, shift.person_id)
            rows.append(
                {
                    "project": key,
                    "when": shift.day.isoformat() if shift.day else DAY_NAMES[shift.weekday or 0],
                    "hours": f"{_clock(shift.start)}-{_clock(shift.end)}",
                    "position": shift.position + 1,
                    "agent": person.email if person else None,
                    "number": person.phone if person else None,
                }
            )
    print_rows(rows, as_json=as_json)


@duty.command("set")
@_project
@click.option("--day", required=True, help="A weekday, or a date (2026-12-24) that then counts instead of the week.")
@click.option("--hours", default="9:00-17:30", show_default=True)
@click.argument("agents", nargs=-1, metavar="[EMAIL]...")
def duty_set(project: str | None, day: str, hours: str, agents: tuple[str, ...]) -> None:
    """Put these agents on duty on a day, the first to ring first, in the place of whoever was; nobody clears it."""
    weekday, exact = _day(day)
    try:
        spans = parse_hours(hours)
    except ValueError as error:
        raise Refused(str(error)) from None
    with command_runtime() as runtime:
        key = _key(runtime, project)
        with runtime.database.transaction() as connection:
            shifts = []
            for position, email in enumerate(agents):
                person = _agent(connection, email)
                shifts += [
                    Shift(person_id=person.id, position=position, start=start, end=end, weekday=weekday, day=exact)
                    for start, end in spans
                ]
            replace_shifts(connection, key, shifts, weekday=weekday, day=exact)
        refresh_hotline(runtime)


@duty.command("swap")
@_project
@click.option("--day", required=True, metavar="DATE", help="The day of ONE's turn.")
@click.option("--for", "other_day", metavar="DATE", help="The day of OTHER's turn, where it is another.")
@click.argument("one", metavar="ONE")
@click.argument("other", metavar="OTHER")
def duty_swap(project: str | None, day: str, other_day: str | None, one: str, other: str) -> None:
    """Let OTHER take ONE's turn on a day, and ONE that of OTHER: on the same day, or on another."""
    first, second = _date(day), None if other_day is None else _date(other_day)
    with command_runtime() as runtime:
        key = _key(runtime, project)
        with runtime.database.transaction() as connection:
            giver, taker = _agent(connection, one).id, _agent(connection, other).id
            known = list_shifts(connection, key)
            there, back = {giver: taker}, {taker: giver}
            changes = {first: {**there, **back}} if second in {None, first} else {first: there, second: back}
            if not _has_turn(known, first, giver) or (second is not None and not _has_turn(known, second, taker)):
                raise Refused("nobody can swap a turn that they do not have: `gateway duty show`")
            for date_, turns in changes.items():
                replace_shifts(connection, key, swapped(known, date_, turns), weekday=None, day=date_)
        refresh_hotline(runtime)


def _has_turn(shifts: list[Shift], day: date, person_id: int) -> bool:
    return any(shift.person_id == person_id for shift in shifts_of_day(shifts, day))


def _agent(connection: Connection, email: str) -> Person:
    """Somebody who can be rung. Raises NotFound, Refused."""
    person = find_person(connection, email=normalise_address(email))
    if person is None:
        raise NotFound(f"nobody is known by {email}: `gateway person add` first")
    if person.phone is None:
        raise Refused(f"{email} has no number: `gateway person add {email} --phone +33...`")
    return person


def _date(text: str) -> date:
    weekday, exact = _day(text)
    if weekday is not None or exact is None:
        raise Refused(f"{text!r} is no date (2026-12-24): a turn is swapped for one day")
    return exact


def _key(runtime: Runtime, project: str | None) -> str:
    keys = [known.key for known in runtime.settings.project_list]
    if project is None and len(keys) > 1:
        raise Refused(f"--project is needed: one of {', '.join(keys)}")
    key = keys[0] if project is None else project.upper()
    if key not in keys:
        raise Refused(f"there is no project {project}: one of {', '.join(keys)}")
    return key


def _day(text: str) -> tuple[int | None, date | None]:
    if text.lower() in DAY_NAMES:
        return DAY_NAMES.index(text.lower()), None
    try:
        return None, date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text!r} is no weekday and no date (2026-12-24)") from None


def _order(shift: Shift) -> tuple[bool, date, int, int, int]:
    return shift.day is not None, shift.day or date.min, shift.weekday or 0, shift.start, shift.position


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"


COMMANDS: list[click.Command] = [duty]
