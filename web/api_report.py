"""A report by a program: what the form asks for, through the spool like the form; once for each Idempotency-Key."""

import re
from hashlib import sha256

from flask import request
from flask_babel import force_locale

from gateway.db.api_tokens import remember_report
from gateway.db.receipts import find_ticket_of
from gateway.db.tickets import find_ticket
from gateway.services.report_projects import report_projects
from gateway.services.web_form import Form, WebForm, fingerprint_of, number_of
from web.api_models import ReportBody
from web.api_problem import ApiError
from web.api_views import Answer, Call
from web.reply import send_form
from web.report_form import ReportInput, answers, faults, find_project_named, full_text, read_input
from web.state import web

_KEY = re.compile(r"[\x21-\x7e]{8,200}")


def report(call: Call) -> Answer:
    """POST /reports. Raises ApiError for what the form would refuse too, Deferred where the spool cannot take it."""
    asked, person, runtime = call.body, call.bearer.person, web().runtime
    assert isinstance(asked, ReportBody)
    key = _key()
    typed = _typed(asked)
    with runtime.database.reading() as connection:
        projects = report_projects(connection, runtime, person)
    with force_locale("en"):  # faults are for whoever writes the program
        found = faults(typed, projects)
    project = find_project_named(typed, projects)
    if found or project is None:
        raise ApiError(422, "The report is not complete.", faults=found)
    text = full_text(typed)
    content = sha256(asked.model_dump_json().encode()).hexdigest()
    number = number_of(f"{key}\n{content}", "")
    now = runtime.clock.now()
    key_sha256 = sha256(key.encode()).hexdigest()
    with runtime.database.transaction() as connection:
        is_same = remember_report(
            connection, person_id=person.id, key_sha256=key_sha256, content_sha256=content, now=now
        )
        ticket_id = find_ticket_of(connection, fingerprint_of(person.id, number))
        ticket = None if ticket_id is None else find_ticket(connection, ticket_id=ticket_id)
    if not is_same:
        raise ApiError(422, "Another report was sent under this Idempotency-Key.")
    if ticket is None:
        form = WebForm(
            form=Form.REPORT,
            person_id=person.id,
            number=number,
            at=now,
            text=text,
            subject=typed["subject"],
            report=answers(typed, project),
        )
        send_form(form, [])
    told = {"number": number, "ticket": None if ticket is None else ticket.ref}
    return Answer(body=told, headers={"Location": f"/api/v1/reports/{number}"})


def _typed(asked: ReportBody) -> ReportInput:
    given = asked.model_dump(mode="json", exclude={"fields"}, exclude_none=True)
    return read_input({**asked.fields, **given})


def _key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise ApiError(400, "Send an Idempotency-Key of 8 to 200 visible ASCII characters.")
    return key
