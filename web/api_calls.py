"""Calls for programs: the log, voice messages that wait for a ticket, whom to call back, writing down a call."""

from collections.abc import Sequence
from dataclasses import asdict

from gateway.domain.audit import AuditAction
from gateway.errors import NotFound
from gateway.services.api_tokens import Scope
from gateway.services.call_by_hand import (
    CallByHand,
    discard_call,
    link_call,
    log_call_by_hand,
    settle_callback,
    ticket_from_call,
)
from gateway.services.call_desk import find_sound, is_waiting, list_callbacks_of, list_triage
from gateway.services.program_look import agents_ticket, calls_for
from web import api_call_models as models
from web.api_models import Done, WhyBody
from web.api_once import get_key
from web.api_route import KEY, MAYBE_KEY, WRITING, Answer, Call, Download, Route
from web.noting import note_read
from web.state import web


def list_calls(call: Call) -> Answer:
    """GET /calls"""
    asked, runtime = call.query, web().runtime
    assert isinstance(asked, models.CallQuery)
    with runtime.database.reading() as connection:
        rows = calls_for(connection, runtime, call.bearer.person, before=asked.before, limit=asked.limit + 1)
    has_more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    return Answer(body={"calls": rows, "next": rows[-1]["id"] if has_more else None})


def show_call(call: Call, number: int) -> Answer:
    """GET /calls/NUMBER"""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        rows = calls_for(connection, runtime, call.bearer.person, before=number + 1, limit=1)
    if not rows or rows[0]["id"] != number:
        raise NotFound("there is no such call")
    return Answer(body=rows[0])


def list_waiting(call: Call) -> Answer:
    """GET /calls/waiting"""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        rows = list_triage(connection, runtime, email=call.bearer.person.email)
    return Answer(body={"calls": [asdict(row) for row in rows]})


def sound(call: Call, recording: str) -> Download:
    """GET /recordings/RECORDING"""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        found = find_sound(connection, runtime, recording, email=call.bearer.person.email)
    with runtime.files.open(found.name) as file:
        content = file.read()
    note_read(AuditAction.SOUND_HEARD, recording, project=found.project)
    return Download(content=content, name=recording)


def log_call(call: Call) -> Answer:
    """POST /calls: once for each key."""
    asked, runtime, person = call.body, web().runtime, call.bearer.person
    assert isinstance(asked, models.CallBody)
    with runtime.database.reading() as connection:
        agents_ticket(connection, runtime, asked.ticket, person)
    log_call_by_hand(
        runtime,
        CallByHand(
            ref=asked.ticket,
            email=person.email,
            number=asked.number,
            began_at=asked.began_at,
            seconds=asked.seconds,
            note=asked.note,
            form=f"{person.id} {get_key()}",
        ),
    )
    return Answer(body={"ticket": asked.ticket})


def link(call: Call, number: int) -> Answer:
    """POST /calls/NUMBER/link"""
    asked, runtime, person = call.body, web().runtime, call.bearer.person
    assert isinstance(asked, models.CallLinkBody)
    ident = _waiting(call, number)
    with runtime.database.reading() as connection:
        agents_ticket(connection, runtime, asked.ticket, person)
    link_call(runtime, ident, ref=asked.ticket, email=person.email)
    return Answer(body={"ticket": asked.ticket})


def make_ticket(call: Call, number: int) -> Answer:
    """POST /calls/NUMBER/ticket"""
    asked = call.body
    assert isinstance(asked, models.CallTicketBody)
    ref = ticket_from_call(
        web().runtime,
        _waiting(call, number),
        email=call.bearer.person.email,
        reporter=asked.reporter or None,
        subject=asked.subject,
        project=asked.project or "",
    )
    return Answer(body={"ticket": ref})


def discard(call: Call, number: int) -> Answer:
    """POST /calls/NUMBER/discard"""
    asked = call.body
    assert isinstance(asked, WhyBody)
    discard_call(web().runtime, _waiting(call, number), reason=asked.reason, email=call.bearer.person.email)
    return Answer(body={"ticket": None})


def list_callbacks(call: Call) -> Answer:
    """GET /callbacks"""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        rows = list_callbacks_of(connection, runtime, email=call.bearer.person.email)
    return Answer(body={"callbacks": [asdict(row) for row in rows]})


def settle(call: Call, number: int) -> Answer:
    """POST /callbacks/NUMBER"""
    asked, runtime, email = call.body, web().runtime, call.bearer.person.email
    assert isinstance(asked, models.CallbackBody)
    with runtime.database.reading() as connection:
        known = {row.id: row.ref for row in list_callbacks_of(connection, runtime, email=email, only=number)}
    if number not in known:
        raise NotFound("there is no such call back")
    settle_callback(runtime, number, state=asked.state, email=email)
    return Answer(body={"ticket": known[number]})


def _waiting(call: Call, number: int) -> str:
    """The call, where it waits for an agent of the person's projects. Raises NotFound for any other."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        is_mine = is_waiting(connection, runtime, number, email=call.bearer.person.email)
    if not is_mine:
        raise NotFound("there is no such call")
    return str(number)


ROUTES: Sequence[Route] = (
    Route(
        name="list_calls",
        method="GET",
        path="/calls",
        view=list_calls,
        scope=Scope.CALLS_READ,
        summary="Calls of the projects that the person works for, the latest first",
        answer=models.CallPage,
        query=models.CallQuery,
    ),
    Route(
        name="show_call",
        method="GET",
        path="/calls/<int:number>",
        view=show_call,
        scope=Scope.CALLS_READ,
        summary="A call",
        answer=models.CallRow,
        errors=(404,),
    ),
    Route(
        name="list_waiting_calls",
        method="GET",
        path="/calls/waiting",
        view=list_waiting,
        scope=Scope.CALLS_READ,
        summary="The calls that wait for somebody to say which ticket they are about",
        answer=models.WaitingCalls,
    ),
    Route(
        name="download_recording",
        method="GET",
        path="/recordings/<recording>",
        view=sound,
        scope=Scope.CALLS_READ,
        summary="A voice message",
        answer=None,
        errors=(404,),
    ),
    Route(
        name="list_callbacks",
        method="GET",
        path="/callbacks",
        view=list_callbacks,
        scope=Scope.CALLS_READ,
        summary="Whom to call back",
        answer=models.Callbacks,
    ),
    Route(
        name="log_call",
        method="POST",
        path="/calls",
        view=log_call,
        scope=Scope.CALLS_WRITE,
        summary="Write down a call that the person had by telephone",
        answer=Done,
        body=models.CallBody,
        errors=WRITING,
        needs=(KEY,),
    ),
    Route(
        name="link_call",
        method="POST",
        path="/calls/<int:number>/link",
        view=link,
        scope=Scope.CALLS_WRITE,
        summary="Put a call that waits onto a ticket",
        answer=Done,
        body=models.CallLinkBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
    Route(
        name="ticket_from_call",
        method="POST",
        path="/calls/<int:number>/ticket",
        view=make_ticket,
        scope=Scope.CALLS_WRITE,
        summary="Make a ticket of a call that waits; the answer names it",
        answer=Done,
        body=models.CallTicketBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
    Route(
        name="discard_call",
        method="POST",
        path="/calls/<int:number>/discard",
        view=discard,
        scope=Scope.CALLS_WRITE,
        summary="Decide that a call needs no ticket",
        answer=Done,
        body=WhyBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
    Route(
        name="settle_callback",
        method="POST",
        path="/callbacks/<int:number>",
        view=settle,
        scope=Scope.CALLS_WRITE,
        summary="Say how a call back fares",
        answer=Done,
        body=models.CallbackBody,
        errors=WRITING,
        needs=(MAYBE_KEY,),
    ),
)
