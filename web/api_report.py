"""A report or an answer by a program: what the forms ask for, through the spool like them; once for each key."""

from hashlib import sha256

from flask_babel import gettext

from gateway.db.api_tokens import remember_report
from gateway.db.receipts import find_ticket_of
from gateway.db.tickets import find_ticket
from gateway.services.program_look import own_ticket
from gateway.services.report_projects import report_projects
from gateway.services.web_form import Form, WebForm, fingerprint_of, number_of
from web.api_models import ReplyBody, ReportBody
from web.api_once import get_key, other_under_key, sum_of_call
from web.api_problem import ApiError
from web.api_route import ROOT, Answer, Call
from web.reply import send_form, text_faults
from web.report_form import ReportInput, answers, faults, find_project_named, full_text, read_input
from web.state import web


def report(call: Call) -> Answer:
    """POST /reports. Raises ApiError for what the form would refuse too, Deferred where the spool cannot take it."""
    asked, person, runtime = call.body, call.bearer.person, web().runtime
    assert isinstance(asked, ReportBody)
    typed = _typed(asked)
    with runtime.database.reading() as connection:
        projects = report_projects(connection, runtime, person)
    found = faults(typed, projects)
    project = find_project_named(typed, projects)
    if found or project is None:
        raise ApiError(422, gettext("The report is not complete."), faults=found)
    text = full_text(typed)
    form = WebForm(
        form=Form.REPORT,
        person_id=person.id,
        number=_number(call),
        at=runtime.clock.now(),
        text=text,
        subject=typed["subject"],
        report=answers(typed, project),
    )
    return _taken(call, form)


def answer(call: Call, ref: str) -> Answer:
    """POST /tickets/REF/replies: what a reporter writes on their request. Raises NotFound, Deferred."""
    asked, person, runtime = call.body, call.bearer.person, web().runtime
    assert isinstance(asked, ReplyBody)
    with runtime.database.reading() as connection:
        ticket = own_ticket(connection, runtime, ref, person)
    if found := text_faults(asked.text, list(call.files)):
        raise ApiError(422, gettext("There is nothing to send yet: write your answer first."), faults=found)
    form = WebForm(
        form=Form.REPLY,
        person_id=person.id,
        number=_number(call),
        at=runtime.clock.now(),
        text=asked.text,
        ticket_id=ticket.id,
    )
    return _taken(call, form)


def _number(call: Call) -> str:
    """The key by which it is filed once, whoever sends it again."""
    return number_of(f"{get_key()}\n{sum_of_call(call)}", "")


def _taken(call: Call, form: WebForm) -> Answer:
    """Make it durable, unless it was before. Raises ApiError where something else was sent under its key."""
    runtime, person_id = web().runtime, call.bearer.person.id
    with runtime.database.transaction() as connection:
        is_same = remember_report(
            connection,
            person_id=person_id,
            key_sha256=sha256(get_key().encode()).hexdigest(),
            content_sha256=sum_of_call(call),
            now=form.at,
        )
        ticket_id = find_ticket_of(connection, fingerprint_of(person_id, form.number))
        ticket = None if ticket_id is None else find_ticket(connection, ticket_id=ticket_id)
    if not is_same:
        raise other_under_key()
    if ticket is None:
        send_form(form, list(call.files))
    told = {"number": form.number, "ticket": None if ticket is None else ticket.ref}
    return Answer(body=told, headers={"Location": f"{ROOT}/reports/{form.number}"})


def _typed(asked: ReportBody) -> ReportInput:
    given = asked.model_dump(mode="json", exclude={"fields"}, exclude_none=True)
    return read_input({**asked.fields, **given})
