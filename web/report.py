"""The report form, in two steps: what happens, then what will become of it; sent only after the second.

GET  /report           the form, with the draft that was kept
POST /report           the second step; the same page again with what is to be put right
POST /report/draft     keep what is there for later, or forget it
POST /report/send      into the spool, like an answer
"""

import secrets
from collections.abc import Sequence

from flask import Flask, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from gateway.domain.project import Project
from gateway.services.current_project import current_project
from gateway.services.report_projects import report_projects
from gateway.services.web_form import Form, WebForm, number_of
from web.access import visitor_roles
from web.drafts import REPORT_PLACE, drop_draft, find_draft, keep_draft
from web.i18n import file_size
from web.limits import REPLY
from web.reply import form_nonce, send_form
from web.report_form import (
    MAX_LINE,
    MAX_SUBJECT,
    OFFERED,
    ReportInput,
    answers,
    faults,
    find_project_named,
    full_text,
    read_input,
)
from web.report_preview import preview
from web.state import visitor, web
from web.uploads import most_in_all, uploaded_files
from web.words import COMPONENT_NAMES, FIELD_NAMES, KIND_MEANINGS, KINDS, SEVERITIES, SEVERITY_MEANINGS


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    app.add_url_rule("/report", "report", show)
    app.add_url_rule("/report", "look_report", limiter.limit(REPLY)(look), methods=["POST"])
    app.add_url_rule("/report/draft", "save_report", limiter.limit(REPLY)(keep), methods=["POST"])
    app.add_url_rule("/report/send", "send_report", limiter.limit(REPLY)(send), methods=["POST"])


def show() -> str:
    """GET /report"""
    kept = find_draft(REPORT_PLACE)
    return _form(read_input(kept), is_draft=bool(kept))


def look() -> Response:
    """POST /report: what will become of it, or what is to be put right; a draft is kept in either case."""
    typed = read_input(request.form)
    keep_draft(REPORT_PLACE, typed.as_draft())
    found = faults(typed, _projects())
    if found:
        return make_response(_form(typed, found=found), 400)
    if "change" in request.form:
        return make_response(_form(typed))
    return make_response(_check(typed))


def keep() -> Response:
    """POST /report/draft"""
    if "forget" in request.form:
        drop_draft(REPORT_PLACE)
        flash(gettext("The draft is forgotten."))
    else:
        keep_draft(REPORT_PLACE, read_input(request.form).as_draft())
        flash(gettext("Your draft is kept: you find it here again."))
    return redirect(url_for("report"), 303)


def send() -> Response:
    """POST /report/send. Raises Deferred where the spool cannot take it; the draft is still there then."""
    typed, nonce = read_input(request.form), form_nonce()
    projects = _projects()
    found = faults(typed, projects)
    if found:
        return make_response(_form(typed, found=found), 400)
    files, refused = uploaded_files()
    if refused:
        return make_response(_check(typed, nonce=nonce, refused=refused), 400)
    project = find_project_named(typed, projects)
    assert project is not None, "a form without faults names one"
    text = full_text(typed)
    form = WebForm(
        form=Form.REPORT,
        person_id=visitor().person.id,
        number=number_of(nonce, f"{typed['subject']}\n{text}", files),
        at=web().runtime.clock.now(),
        text=text,
        subject=typed["subject"],
        report=answers(typed, project),
    )
    send_form(form, files)
    drop_draft(REPORT_PLACE)
    flash(gettext("Your report is safe with us. It appears below within moments, and a mail confirms it."))
    return redirect(url_for("tickets"), 303)


def _projects() -> Sequence[Project]:
    runtime = web().runtime
    with runtime.database.reading() as connection:
        return report_projects(connection, runtime, visitor().person)


def _form(typed: ReportInput, *, found: Sequence[tuple[str, str]] = (), is_draft: bool = False) -> str:
    projects = _projects()
    carrying = {kind for project in projects for kind in project.contract.kinds}
    return render_template(
        "report.html",
        typed=typed,
        found=found,
        is_draft=is_draft,
        projects=[(project.key, project.name) for project in projects],
        kinds=[(kind.value, KINDS[kind], KIND_MEANINGS[kind]) for kind in OFFERED],
        severities=[(one.value, SEVERITIES[one], SEVERITY_MEANINGS[one]) for one in SEVERITIES],
        with_severity=sorted(kind.value for kind in carrying),
        components=list(COMPONENT_NAMES.items()),
        field_names=FIELD_NAMES,
        max_subject=MAX_SUBJECT,
        max_line=MAX_LINE,
    )


def _check(typed: ReportInput, *, nonce: str = "", refused: Sequence[str] = ()) -> str:
    project = find_project_named(typed, _projects())
    assert project is not None, "a form without faults names one"
    runtime = web().runtime
    told = answers(typed, project)
    with runtime.database.reading() as connection:
        now_in_force = current_project(connection, runtime, project.key) or project
    return render_template(
        "report_check.html",
        typed=typed,
        hidden=typed.as_draft(),
        project=project.name,
        kind=KINDS[told.kind],
        details=[(FIELD_NAMES[name], COMPONENT_NAMES.get(value, value)) for name, value in told.details],
        text=full_text(typed),
        severity=told.severity,
        preview=preview(told, now_in_force, roles=visitor_roles().get(project.key, ()), now=runtime.clock.now()),
        nonce=nonce or secrets.token_urlsafe(16),
        refused=[("files", sentence) for sentence in refused],
        limit=file_size(most_in_all(runtime.settings)),
    )
