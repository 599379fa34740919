"""`gateway calendar`: when a project works, and emergencies in which that does not count."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.calendar_overrides import StoredOverride, list_overrides
from gateway.domain.business_hours import hours_of
from gateway.domain.calendar import DAY_NAMES, Calendar, DayHours
from gateway.domain.project import Project
from gateway.errors import NotFound, Refused
from gateway.runtime import Runtime
from gateway.services.current_project import current_project
from gateway.services.override_calendar import end_calendar_override, override_calendar
from gateway.services.ticket_clocks import find_project

_json = click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
_by = click.option("--as", "email", required=True, metavar="EMAIL", help="Who does it: a supervisor.")


@click.group()
def calendar() -> None:
    """When a project works."""


@calendar.command("show")
@click.argument("project")
@_json
def calendar_show(project: str, *, as_json: bool) -> None:
    """The week, what holds now and why, and every emergency on record."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        found = current_project(connection, runtime, project.upper())
        if found is None:
            raise NotFound(f"there is no project {project}")
        stored = list_overrides(connection, [found.key])[found.key]
        row = _row(found, stored, now=runtime.clock.now())
    if as_json:
        print_rows([row], as_json=True)
        return
    click.echo(f"{row['project']}  {row['zone']}, holidays of {row['holidays']}")
    for day, hours in row["week"].items():
        click.echo(f"  {day}  {hours or '-'}")
    click.echo(f"{'open' if row['open'] else 'closed'} now: {row['why']}; opens next {row['next_opening']}")
    for one in row["emergencies"]:
        ended = f", ended {one['ended_at']}" if one["ended_at"] else ""
        click.echo(
            f"  #{one['id']}  {one['word']} {one['since']} to {one['until']}{ended}, by {one['by']}: {one['why']}"
        )


@calendar.command("close")
@click.argument("project")
@click.option("--from", "since", metavar="TIME", help="2026-12-24T14:00, by the project's clock; now, without it.")
@click.option("--until", required=True, metavar="TIME")
@click.option("--reason", required=True, metavar="TEXT")
@_by
@_json
def calendar_close(*, project: str, since: str | None, until: str, reason: str, email: str, as_json: bool) -> None:
    """Close a calendar that is open, until a moment."""
    _override(project, is_open=False, since=since, until=until, reason=reason, email=email, as_json=as_json)


@calendar.command("open")
@click.argument("project")
@click.option("--from", "since", metavar="TIME", help="2026-12-25T09:00, by the project's clock; now, without it.")
@click.option("--until", required=True, metavar="TIME")
@click.option("--reason", required=True, metavar="TEXT")
@_by
@_json
def calendar_open(*, project: str, since: str | None, until: str, reason: str, email: str, as_json: bool) -> None:
    """Open a calendar that is closed, until a moment."""
    _override(project, is_open=True, since=since, until=until, reason=reason, email=email, as_json=as_json)


@calendar.command("end")
@click.argument("project")
@click.argument("number", type=int)
@_by
@_json
def calendar_end(*, project: str, number: int, email: str, as_json: bool) -> None:
    """End the emergency with this NUMBER (of `calendar show`) before its time."""
    with command_runtime() as runtime:
        end_calendar_override(runtime, project=project, override_id=number, by=email)
    row = {"project": project.upper(), "id": number, "ended": True}
    _say(row, f"{row['project']}: #{number} has ended", as_json=as_json)


def _override(
    key: str, *, is_open: bool, since: str | None, until: str, reason: str, email: str, as_json: bool
) -> None:
    with command_runtime() as runtime:
        zone = _zone(runtime, key)
        begins, ends = None if since is None else _moment(since, zone), _moment(until, zone)
        number = override_calendar(
            runtime, project=key, is_open=is_open, since=begins, until=ends, reason=reason, by=email
        )
    row = {"project": key.upper(), "id": number, "open": is_open, "until": ends}
    word = "open" if is_open else "closed"
    _say(row, f"{row['project']}: {word} until {ends.astimezone(zone):%Y-%m-%d %H:%M} (#{number})", as_json=as_json)


def _zone(runtime: Runtime, key: str) -> ZoneInfo:
    project = find_project(runtime, key.upper())
    if project is None:
        raise NotFound(f"there is no project {key}")
    return project.calendar.zone_info


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text!r} is no time like 2026-12-24T14:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _row(project: Project, stored: list[StoredOverride], *, now: datetime) -> dict[str, Any]:
    hours, zone = hours_of(project.calendar), project.calendar.zone_info
    opening = hours.opening(now)
    return {
        "project": project.key,
        "zone": project.calendar.zone,
        "holidays": project.calendar.region,
        "week": {name: _hours(day) for name, day in zip(DAY_NAMES, project.calendar.week, strict=True)},
        "closed_days": sorted(day.isoformat() for day in project.calendar.closed),
        "worked_days": _worked(project.calendar),
        "open": opening.is_open,
        "why": opening.reason,
        "next_opening": _local(hours.next_opening(now), zone),
        "emergencies": [_emergency(one, zone) for one in stored],
    }


def _worked(found: Calendar) -> dict[str, str]:
    return {day.isoformat(): _hours(hours) for day, hours in found.worked}


def _emergency(one: StoredOverride, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": one.id,
        "word": "open" if one.is_open else "closed",
        "since": _local(one.since, zone),
        "until": _local(one.until, zone),
        "by": one.author,
        "why": one.reason,
        "written_at": _local(one.written_at, zone),
        "ended_at": None if one.ended_at is None else _local(one.ended_at, zone),
    }


def _hours(day: DayHours) -> str:
    return ", ".join(f"{start // 60}:{start % 60:02d}-{end // 60}:{end % 60:02d}" for start, end in day)


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="minutes")


def _say(row: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_rows([row], as_json=True)
    else:
        click.echo(sentence)


COMMANDS: list[click.Command] = [calendar]
