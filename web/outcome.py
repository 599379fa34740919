"""The pages behind the links of our mails: does it work, and being left out of a request.

    GET  /outcome/TOKEN?answer=works   what the button will do, and the button; mail scanners change nothing
    POST /outcome/TOKEN                the answer is safe in the spool; said twice it is filed once
    GET  /leave/TOKEN                  the same for being left out
    POST /leave/TOKEN                  done; mail programs do it themselves by one click (RFC 8058), without a cookie

No sign-in: the token says who they are to this one request, and nothing else of it is shown.
"""

from flask import Flask, make_response, render_template, request
from flask_babel import gettext
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from gateway.domain.outcome import Outcome
from gateway.domain.ticket import Status
from gateway.errors import NotFound
from gateway.services.leave_ticket import find_leaver, leave_ticket
from gateway.services.outcome import Question, accept_outcome, find_question
from web.limits import REPLY
from web.reply import MAX_TEXT, clean_text
from web.state import web
from web.words import STATES


def register(app: Flask, limiter: Limiter, csrf: CSRFProtect) -> None:
    """Add the pages."""
    app.add_url_rule("/outcome/<token>", "outcome", outcome)
    app.add_url_rule("/outcome/<token>", "say_outcome", limiter.limit(REPLY)(say_outcome), methods=["POST"])
    app.add_url_rule("/leave/<token>", "leave", leave)
    # The token itself is what no other site can know; a mail program's click brings no cookie.
    app.add_url_rule("/leave/<token>", "do_leave", csrf.exempt(limiter.limit(REPLY)(do_leave)), methods=["POST"])


def outcome(token: str) -> Response:
    """GET /outcome/TOKEN"""
    question = _question(token)
    if question is None:
        return _spent()
    return _page(question, token, _wish(request.args.get("answer")))


def say_outcome(token: str) -> Response:
    """POST /outcome/TOKEN. Raises Deferred where the spool cannot take it; that page keeps what was typed."""
    question = _question(token)
    if question is None:
        return _spent()
    wish = request.form.get("answer")
    if wish not in set(Outcome):
        raise BadRequest
    said = Outcome(wish)
    text = clean_text(request.form.get("text", "")) if said is Outcome.UNSOLVED else ""
    if len(text.encode()) > MAX_TEXT:
        return _page(question, token, said, error=gettext("This is too long: shorten it, or send a mail."), typed=text)
    if said not in question.answers:
        return _page(question, token, said)
    accept_outcome(web().runtime, question, said, text=text)
    return make_response(render_template("outcome_said.html", ticket=question.ticket, said=said.value))


def leave(token: str) -> Response:
    """GET /leave/TOKEN"""
    runtime = web().runtime
    try:
        with runtime.database.reading() as connection:
            ticket, _ = find_leaver(connection, runtime, token)
    except NotFound:
        return _spent()
    return make_response(render_template("leave.html", ticket=ticket, token=token))


def do_leave(token: str) -> Response:
    """POST /leave/TOKEN"""
    try:
        ticket = leave_ticket(web().runtime, token)
    except NotFound:
        return _spent()
    return make_response(render_template("left.html", ticket=ticket))


def _question(token: str) -> Question | None:
    runtime = web().runtime
    try:
        with runtime.database.reading() as connection:
            return find_question(connection, runtime, token)
    except NotFound:
        return None


def _wish(answer: str | None) -> Outcome:
    return Outcome.UNSOLVED if answer == Outcome.UNSOLVED else Outcome.WORKS


def _page(question: Question, token: str, wish: Outcome, *, error: str = "", typed: str = "") -> Response:
    page = render_template(
        "outcome.html",
        ticket=question.ticket,
        token=token,
        wish=wish.value,
        answers=sorted(answer.value for answer in question.answers),
        state=STATES[Status(question.ticket.status)][0],
        error=error,
        typed=typed,
    )
    return make_response(page, 413 if error else 200)


def _spent() -> Response:
    return make_response(render_template("outcome_spent.html"), 403)
