"""The service report of a project, for its supervisors: a page to look at, to print for the customer, and a table.

For everybody else there is no such page.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from babel.numbers import format_percent
from flask import Flask, Response, make_response, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from gateway.domain.audit import AuditAction
from gateway.domain.period import Period, month_before
from gateway.domain.project import Project
from gateway.domain.reasons import Reason
from gateway.domain.saying import Unfit
from gateway.domain.service_report import ServiceReport
from gateway.errors import NotFound, Refused
from gateway.services.desk_scope import supervised
from gateway.services.report_verdicts import is_ledger_behind
from gateway.services.service_report import read_service_report
from web.clock_view import length
from web.desk import desk_roles
from web.file_names import content_disposition
from web.i18n import language
from web.noting import note_read
from web.service_charts import charts_of, cross_table
from web.service_table import said_table
from web.service_words import SILENCED, severity_name, story, why_missed, why_suppressed
from web.state import web

MISSES = 100
"""As many misses are told on the page; the table has them all."""

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by it spreadsheets know UTF-8


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/desk/report", "desk_report", show_report)
    app.add_url_rule("/desk/report.csv", "desk_report_csv", table)


def show_report() -> Response:
    """GET /desk/report?project=KEY&from=DATE&to=DATE; by default the month before this one."""
    project, fault = _project(request.args), ""
    try:
        period = _period(request.args, project)
    except Refused:
        period, fault = _usual(project), gettext("The first day and the last day are two days, in this order.")
    runtime = web().runtime
    is_behind = not fault and is_ledger_behind(runtime, project, period)
    report = None if fault or is_behind else read_service_report(runtime, project, period)
    page = render_template(
        "desk/report.html",
        project=project,
        projects=[(one.key, one.name) for one in _supervised()],
        period=period,
        days=[format_date(day, "long", locale=language().value) for day in (period.first, period.last)],
        fault=fault,
        is_behind=is_behind,
        report=report,
        **({} if report is None else _told(report)),
    )
    return make_response(page, 400 if fault else 200)


def table() -> AnyResponse:
    """GET /desk/report.csv, asked for in the same way. While much is to be judged anew, the page says so."""
    project = _project(request.args)
    period = _period(request.args, project)
    if is_ledger_behind(web().runtime, project, period):
        days = {"from": period.first.isoformat(), "to": period.last.isoformat()}
        return redirect(f"/desk/report?{urlencode({'project': project.key, **days})}", 303)
    report = read_service_report(web().runtime, project, period)
    text = said_table(report)
    note_read(AuditAction.REPORT_READ, f"{period.first} – {period.last}", project=project.key)
    answer = Response(_BOM + text, content_type="text/csv; charset=utf-8")
    name = f"{project.key}-{period.first}-{period.last}.csv"
    answer.headers["Content-Disposition"] = content_disposition(name)
    return answer


def _told(report: ServiceReport) -> dict[str, Any]:
    """What the template says of the figures, in words."""
    answers, share = report.first_answers, report.threading.share
    doors, kinds = cross_table(report)
    return {
        "charts": charts_of(report),
        "doors": doors,
        "kinds": kinds,
        "misses": [
            (miss, severity_name(miss.severity), why_missed(miss), story(miss)) for miss in report.misses[:MISSES]
        ],
        "late": length,
        "median": None if answers.median is None else length(answers.median),
        "ninth": None if answers.ninth is None else length(answers.ninth),
        "share": None if share is None else format_percent(share, locale=language().value),
        "suppressed": [(SILENCED[one.what], why_suppressed(one.why), one.count) for one in report.suppressed],
    }


def _supervised() -> list[Project]:
    """The projects that the visitor supervises, as configured. Raises NotFound for whoever supervises none."""
    keys = supervised(desk_roles())
    mine = [project for project in web().runtime.settings.project_list if project.key in keys]
    if not mine:
        raise NotFound("no report is there for this person")
    return mine


def _project(asked: Mapping[str, str]) -> Project:
    """The project that is asked for, where the visitor supervises it; without a name the first of theirs."""
    mine = _supervised()
    found = next((project for project in mine if project.key == asked.get("project", mine[0].key)), None)
    if found is None:
        raise NotFound("there is no such project for this person")
    return found


def _usual(project: Project) -> Period:
    zone = project.calendar.zone_info
    return month_before(web().runtime.clock.now().astimezone(zone).date(), zone)


def _period(asked: Mapping[str, str], project: Project) -> Period:
    """The days that are asked for. Raises Refused for what are no two days in order."""
    usual = _usual(project)
    try:
        first, last = (
            date.fromisoformat(asked[name]) if asked.get(name) else day
            for name, day in (("from", usual.first), ("to", usual.last))
        )
        return Period(first=first, last=last, zone=usual.zone)
    except Unfit as fault:
        raise Refused(fault.why) from None
    except ValueError:
        raise Refused(Reason.PERIOD_DATE()) from None
