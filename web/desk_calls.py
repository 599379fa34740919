"""Calls at the desk: voice messages that wait for a ticket, whom to call back, and writing down a call.

What is not of an agent's own projects is the same 404 as what does not exist.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta

from flask import Flask, flash, make_response, redirect, render_template, request
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from gateway.domain.reasons import Reason
from gateway.errors import Conflict, NotFound, Refused
from gateway.services.call_by_hand import (
    CALLBACK_STATES,
    CallByHand,
    discard_call,
    link_call,
    log_call_by_hand,
    settle_callback,
    ticket_from_call,
)
from gateway.services.call_desk import find_sound, is_waiting, list_callbacks_of, list_triage
from gateway.services.desk_look import sight
from web.desk import desk_roles, project_choices
from web.desk_refusals import refusal_sentences
from web.kept_files import play_file
from web.limits import REPLY
from web.noting import note_heard
from web.paging import page_number, page_of
from web.reply import clean_text, form_nonce
from web.state import visitor, web

Form = Mapping[str, str]
LISTED = 20
"""Of those to call back, and of voice messages, on one page."""
_BACK = "callbacks"


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    app.add_url_rule("/desk/calls", "desk_calls", show_calls)
    app.add_url_rule("/desk/sounds/<recording_id>", "desk_sound", play)
    routes: tuple[tuple[str, str, Callable[..., Response]], ...] = (
        ("/desk/calls/<int:call_id>/link", "desk_call_link", link),
        ("/desk/calls/<int:call_id>/ticket", "desk_call_ticket", make_ticket),
        ("/desk/calls/<int:call_id>/discard", "desk_call_discard", discard),
        ("/desk/callbacks/<int:callback_id>", "desk_callback", settle),
        ("/desk/calls/log", "desk_call_log", write_down),
    )
    for path, name, view in routes:
        app.add_url_rule(path, name, limiter.limit(REPLY)(view), methods=["POST"])


def show_calls() -> str:
    """GET /desk/calls?page=N&callbacks=N"""
    return calls_page()


def calls_page(*, faults: list[str] | None = None, form: Form | None = None) -> str:
    """The page; `faults` and `form` bring back what could not be taken."""
    runtime, roles = web().runtime, desk_roles()
    email, asked = visitor().person.email, request.args.to_dict()
    number, number_back = page_number(asked.get("page")), page_number(asked.get(_BACK))
    with runtime.database.reading() as connection:
        waiting = list_triage(connection, runtime, email=email, limit=LISTED + 1, offset=(number - 1) * LISTED)
        callbacks = list_callbacks_of(
            connection, runtime, email=email, limit=LISTED + 1, offset=(number_back - 1) * LISTED
        )
    known = {name: asked[name] for name in ("page", _BACK) if name in asked}
    return render_template(
        "desk/calls.html",
        waiting=waiting[:LISTED],
        callbacks=callbacks[:LISTED],
        page=page_of("/desk/calls", known, number=number, has_more=len(waiting) > LISTED),
        page_back=page_of("/desk/calls", known, number=number_back, has_more=len(callbacks) > LISTED, name=_BACK),
        now=runtime.clock.now(),
        projects=project_choices(roles),
        faults=faults or [],
        form=form or {},
        nonce=(form or {}).get("nonce") or secrets.token_urlsafe(16),
        acts=[
            ("claimed", gettext("I call back")),
            ("attempted", gettext("Nobody answered")),
            ("done", gettext("Called back")),
            ("cancelled", gettext("No longer needed")),
        ],
    )


def play(recording_id: str) -> Response:
    """GET /desk/sounds/ID: the sound, in ranges where the player asks for them."""
    desk_roles()
    runtime = web().runtime
    with runtime.database.reading() as connection:
        sound = find_sound(connection, runtime, recording_id, email=visitor().person.email)
    answer = play_file(sound.name, kind=sound.type)
    note_heard(recording_id, project=sound.project)
    answer.headers["Content-Disposition"] = "inline"
    return answer


def link(call_id: int) -> Response:
    """POST /desk/calls/ID/link"""
    email, ref = visitor().person.email, request.form.get("ref", "").strip().upper()

    def act() -> str:
        link_call(web().runtime, _my_call(call_id), ref=_my_ticket(ref), email=email)
        return f"/desk/tickets/{ref}"

    return _answer(act)


def make_ticket(call_id: int) -> Response:
    """POST /desk/calls/ID/ticket"""
    form, email = request.form, visitor().person.email

    def act() -> str:
        ref = ticket_from_call(
            web().runtime,
            _my_call(call_id),
            email=email,
            reporter=form.get("reporter", "").strip() or None,
            subject=clean_text(form.get("subject", "")),
            project=form.get("project", ""),
        )
        return f"/desk/tickets/{ref}"

    return _answer(act)


def discard(call_id: int) -> Response:
    """POST /desk/calls/ID/discard"""
    reason, email = clean_text(request.form.get("reason", "")), visitor().person.email

    def act() -> str:
        discard_call(web().runtime, _my_call(call_id), reason=reason, email=email)
        return "/desk/calls"

    return _answer(act)


def settle(callback_id: int) -> Response:
    """POST /desk/callbacks/ID"""
    runtime, email, state = web().runtime, visitor().person.email, request.form.get("state", "")
    desk_roles()
    with runtime.database.reading() as connection:
        known = list_callbacks_of(connection, runtime, email=email, only=callback_id)
    if not known or state not in CALLBACK_STATES:
        raise NotFound("there is no such call back")

    def act() -> str:
        settle_callback(runtime, callback_id, state=state, email=email)
        return "/desk/calls"

    return _answer(act)


def write_down() -> Response:
    """POST /desk/calls/log: a call that an agent had by telephone, once however often the form is sent."""
    desk_roles()
    form = request.form

    def act() -> str:
        ref = _my_ticket(form.get("ref", "").strip().upper())
        call = CallByHand(
            ref=ref,
            email=visitor().person.email,
            number=form.get("number", "").strip() or None,
            began_at=web().runtime.clock.now() - timedelta(minutes=_minutes(form)),
            seconds=60 * _minutes(form),
            note=clean_text(form.get("note", "")),
            form=form_nonce(),
        )
        log_call_by_hand(web().runtime, call)
        return f"/desk/tickets/{ref}"

    return _answer(act)


def _answer(act: Callable[[], str]) -> Response:
    """Do it; what is refused brings the page back with what was typed."""
    try:
        path = act()
    except (Refused, Conflict) as refusal:
        page = calls_page(faults=refusal_sentences(refusal), form=request.form)
        return make_response(page, 409 if isinstance(refusal, Conflict) else 400)
    flash(gettext("Done."))
    return redirect(path, 303)


def _my_call(call_id: int) -> str:
    """The call, where it waits for an agent of the visitor's projects. Raises NotFound for any other."""
    desk_roles()
    runtime = web().runtime
    with runtime.database.reading() as connection:
        is_mine = is_waiting(connection, runtime, call_id, email=visitor().person.email)
    if not is_mine:
        raise NotFound("there is no such call")
    return str(call_id)


def _my_ticket(ref: str) -> str:
    """The reference of a ticket that the visitor sees. Raises Refused for any other: the form names it."""
    runtime = web().runtime
    try:
        with runtime.database.reading() as connection:
            sight(connection, runtime, ref, desk_roles(), person_id=visitor().person.id)
    except NotFound:
        raise Refused(Reason.NO_TICKET(ref=ref)) from None
    return ref


def _minutes(form: Form) -> int:
    text = form.get("minutes", "").strip()
    if not (text.isascii() and text.isdigit() and 0 < int(text[:5]) <= 600):
        raise Refused(Reason.CALL_MINUTES())
    return int(text)
