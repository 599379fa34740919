"""The ways in of a person, on their page: tokens are made and revoked, sessions ended. A token is shown once."""

from flask import Flask, make_response, request
from flask_limiter import Limiter
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from gateway.errors import Conflict, Refused
from gateway.services.api_tokens import Scope
from gateway.services.keep_ways_in import (
    end_session_of,
    end_token_of,
    make_setup_code_of,
    make_token_of,
    reset_factors_of,
)
from gateway.services.people_look import look_at_person
from web.desk_people import answer, person_page
from web.desk_refusals import refusal_sentences
from web.limits import REPLY
from web.state import visitor, web
from web.supervising import supervised_keys


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    for path, name, view in (
        ("tokens", "desk_token_make", make_token),
        ("tokens/end", "desk_token_end", end_token),
        ("sessions/end", "desk_session_end", end_session),
        ("factors/reset", "desk_factors_reset", reset_factors),
        ("factors/code", "desk_factors_code", make_code),
    ):
        rule = f"/desk/people/<int(max=2147483647):person_id>/{path}"
        app.add_url_rule(rule, name, limiter.limit(REPLY)(view), methods=["POST"])


def make_token(person_id: int) -> Response:
    """POST /desk/people/ID/tokens: the page with the token on it, which is kept by no cache and shown never again."""
    form, runtime = request.form, web().runtime
    look_at_person(runtime, person_id, supervised_keys())
    scopes = {Scope(word) for word in form.getlist("scope") if word in set(Scope)}
    try:
        made = make_token_of(
            runtime,
            person_id,
            scopes=scopes,
            days=_number(form.get("days", "")),
            by=visitor().person,
            newest=_number(form.get("newest", "")),
        )
    except (Refused, Conflict) as refusal:
        page = person_page(person_id, faults=refusal_sentences(refusal))
        return make_response(page, 409 if isinstance(refusal, Conflict) else 400)
    return make_response(person_page(person_id, token=made.token))


def end_token(person_id: int) -> Response:
    """POST /desk/people/ID/tokens/end"""

    def act() -> None:
        end_token_of(web().runtime, person_id, _number(request.form.get("token", "")), by=visitor().person)

    return answer(person_id, act)


def end_session(person_id: int) -> Response:
    """POST /desk/people/ID/sessions/end: one, or every one without a number."""

    def act() -> None:
        text = request.form.get("session", "")
        end_session_of(web().runtime, person_id, _number(text) if text else None, by=visitor().person)

    return answer(person_id, act)


def reset_factors(person_id: int) -> Response:
    """POST /desk/people/ID/factors/reset"""
    return answer(person_id, lambda: reset_factors_of(web().runtime, person_id, by=visitor().person))


def make_code(person_id: int) -> Response:
    """POST /desk/people/ID/factors/code: the page with the set-up code on it, shown never again."""
    try:
        code = make_setup_code_of(web().runtime, person_id, by=visitor().person)
    except (Refused, Conflict) as refusal:
        return make_response(person_page(person_id, faults=refusal_sentences(refusal)), 409)
    return make_response(person_page(person_id, setup_code=code))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest
    return int(text)
