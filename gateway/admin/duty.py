"""`gateway duty`: who is on duty for a hotline."""

from datetime import date

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.hotline import list_shifts, replace_shifts
from gateway.db.people import find_person, find_person_by_id
from gateway.domain.calendar import DAY_NAMES, parse_hours
from gateway.domain.duty import Shift
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
                person = find_person(connection, email=normalise_address(email))
                if person is None:
                    raise NotFound(f"nobody is known by {email}: `gateway person add` first")
                if person.phone is None:
                    raise Refused(f"{email} has no number: `gateway person add {email} --phone +33...`")
                shifts += [
                    Shift(person_id=person.id, position=position, start=start, end=end, weekday=weekday, day=exact)
                    for start, end in spans
                ]
            replace_shifts(connection, key, shifts, weekday=weekday, day=exact)
        refresh_hotline(runtime)


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
