"""The audit log, for supervisors: who did what to people, rights and mail of their projects; as a page and as a table.

Whoever supervises every project reads all of it, what was done by shell too.
"""

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

from flask import Flask, Response, make_response, render_template, request
from flask_babel import gettext

from gateway.db.audit import AuditFilter, list_audit
from gateway.domain.audit import AuditAction
from gateway.domain.report_rows import safe_cell
from gateway.errors import NotFound
from gateway.mail.address import normalise_address
from gateway.services.audit import audit_scope
from web.access import visitor_roles
from web.audit_words import ACTIONS, action_name, actor_name, detail_said
from web.file_names import content_disposition
from web.noting import note_read
from web.paging import page_number, page_of
from web.state import web
from web.supervising import supervised_keys

PAGE = 50
MOST_ROWS = 50_000
"""As many rows a table has; a shorter period has them all."""
_PARIS = ZoneInfo("Europe/Paris")
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by it spreadsheets know UTF-8


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/desk/audit", "desk_audit", show_audit)
    app.add_url_rule("/desk/audit.csv", "desk_audit_csv", table)


def show_audit() -> Response:
    """GET /desk/audit?who=EMAIL&action=WORD&from=DATE&to=DATE; everything, without them."""
    supervised_keys()
    number, asked = page_number(request.args.get("page")), _asked(request.args)
    fault = gettext("A day is written like 2026-11-01.") if asked is None else ""
    scope = audit_scope(web().runtime, visitor_roles())
    with web().runtime.database.reading() as connection:
        rows = list_audit(connection, asked or AuditFilter(), scope, limit=PAGE + 1, offset=(number - 1) * PAGE)
    page = render_template(
        "desk/audit.html",
        rows=[(row, actor_name(row), action_name(row.action), detail_said(row.detail)) for row in rows[:PAGE]],
        asked=request.args,
        fault=fault,
        actions=sorted(((action.value, str(name)) for action, name in ACTIONS.items()), key=lambda pair: pair[1]),
        page=page_of("/desk/audit", request.args, number=number, has_more=len(rows) > PAGE),
        is_whole=scope is None,
        days=web().runtime.settings.retention.audit_days,
    )
    return make_response(page, 400 if fault else 200)


def table() -> Response:
    """GET /desk/audit.csv, asked for in the same way; that it was is in the log, too."""
    supervised_keys()
    asked = _asked(request.args)
    if asked is None:
        raise NotFound("no such period")
    scope = audit_scope(web().runtime, visitor_roles())
    with web().runtime.database.reading() as connection:
        rows = list_audit(connection, asked, scope, limit=MOST_ROWS)
    note_read(AuditAction.AUDIT_READ, None, project=None, detail={"rows": len(rows)})
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(["at", "by", "action", "subject", "project", "detail"])
    for row in rows:
        cells = (row.at.isoformat(), actor_name(row), row.action, row.subject, row.project, detail_said(row.detail))
        writer.writerow([safe_cell(cell) for cell in cells])
    answer = Response(_BOM + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = content_disposition("audit.csv")
    return answer


def _asked(query: Mapping[str, str]) -> AuditFilter | None:
    """What a query asks for; None for days that are none. Days are those of France."""
    action, who = query.get("action", ""), query.get("who", "").strip()[:254]
    try:
        since, until = (date.fromisoformat(query[name]) if query.get(name) else None for name in ("from", "to"))
        after = None if until is None else until + timedelta(days=1)
        return AuditFilter(
            who=normalise_address(who) if who else None,
            action=AuditAction(action) if action in set(AuditAction) else None,
            since=_midnight(since),
            until=_midnight(after),
        )
    except (ValueError, OverflowError):
        return None


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), _PARIS).astimezone(UTC)
