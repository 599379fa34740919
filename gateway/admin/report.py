"""`gateway report`: what was done for a project in a period, against its contract."""

from datetime import date, datetime

import click

from gateway.admin.context import command_runtime, note_act, print_rows
from gateway.domain.audit import AuditAction
from gateway.domain.period import Period
from gateway.domain.report_rows import as_csv, report_rows
from gateway.domain.saying import Unfit
from gateway.errors import NotFound, Refused
from gateway.services.service_report import read_service_report
from gateway.services.ticket_clocks import find_project


@click.command()
@click.argument("project")
@click.option(
    "--from", "first", required=True, metavar="DATE", help="The first day (2026-11-01), of the project's zone."
)
@click.option("--to", "last", required=True, metavar="DATE", help="The last day, which is part of it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--csv", "for_spreadsheet", is_flag=True, help="A table for spreadsheets.")
def report(project: str, first: str, last: str, *, as_json: bool, for_spreadsheet: bool) -> None:
    """Volumes, guaranteed times kept and missed with why, first answers, reopenings, calls, threading, suppressed."""
    if as_json and for_spreadsheet:
        raise Refused("--json or --csv, not both")
    with command_runtime() as runtime:
        found = find_project(runtime, project.upper())
        if found is None:
            raise NotFound(f"there is no project {project}")
        try:
            period = Period(first=_day(first), last=_day(last), zone=found.calendar.zone_info)
        except Unfit as fault:
            raise Refused(fault.why) from None
        rows = report_rows(read_service_report(runtime, found, period))
        if for_spreadsheet:
            note_act(runtime, AuditAction.REPORT_READ, f"{first} – {last}", project=found.key)
    if for_spreadsheet:
        click.echo(as_csv(rows), nl=False)
    else:
        print_rows(rows, as_json=as_json)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        raise Refused(f"{text!r} is no day (2026-11-01)") from None


COMMANDS: list[click.Command] = [report]
