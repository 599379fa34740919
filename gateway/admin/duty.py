"""`gateway duty`: who is on duty for a hotline."""

from datetime import date

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.hotline import list_shifts
from gateway.db.people import find_person_by_id
from gateway.domain.calendar import DAY_NAMES
from gateway.domain.duty import Shift
from gateway.errors import Refused
from gateway.runtime import Runtime
from gateway.services.duty_roster import set_duty, swap_duty

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
    with command_runtime() as runtime:
        set_duty(runtime, _key(runtime, project), day=day, hours=hours, agents=agents)


@duty.command("swap")
@_project
@click.option("--day", required=True, metavar="DATE", help="The day of ONE's turn.")
@click.option("--for", "other_day", metavar="DATE", help="The day of OTHER's turn, where it is another.")
@click.argument("one", metavar="ONE")
@click.argument("other", metavar="OTHER")
def duty_swap(project: str | None, day: str, other_day: str | None, one: str, other: str) -> None:
    """Let OTHER take ONE's turn on a day, and ONE that of OTHER: on the same day, or on another."""
    with command_runtime() as runtime:
        swap_duty(runtime, _key(runtime, project), day=day, other_day=other_day, one=one, other=other)


def _key(runtime: Runtime, project: str | None) -> str:
    keys = [known.key for known in runtime.settings.project_list]
    if project is None and len(keys) > 1:
        raise Refused(f"--project is needed: one of {', '.join(keys)}")
    key = keys[0] if project is None else project.upper()
    if key not in keys:
        raise Refused(f"there is no project {project}: one of {', '.join(keys)}")
    return key


def _order(shift: Shift) -> tuple[bool, date, int, int, int]:
    return shift.day is not None, shift.day or date.min, shift.weekday or 0, shift.start, shift.position


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}"


COMMANDS: list[click.Command] = [duty]
