"""What people see when something does not work: a sentence in their language, never what went on inside.

One table from the kinds of error to HTTP. A reply that we could not take comes back with its text in the box.
"""

import structlog
from flask import Flask, current_app, make_response, render_template, request
from flask_babel import lazy_gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from gateway.errors import Conflict, Deferred, GatewayError, NotFound, Refused
from gateway.ids import random32
from web.api_problem import is_for_programs, problem

log = structlog.get_logger()

_KINDS: tuple[tuple[type[GatewayError], int], ...] = ((NotFound, 404), (Deferred, 503), (Conflict, 409), (Refused, 400))
_RETRY_AFTER = {429: "60", 503: "30"}  # seconds
_KEEP_TYPED = {429, 503}
_SENTENCES = {
    400: (lazy_gettext("We did not understand that"), lazy_gettext("Go back, load the page again, and try once more.")),
    403: (lazy_gettext("This is not open to you"), lazy_gettext("If you think that it should be, write to us.")),
    404: (
        lazy_gettext("There is nothing here"),
        lazy_gettext("The page does not exist, or it belongs to another account than yours."),
    ),
    405: (lazy_gettext("We did not understand that"), lazy_gettext("Go back, load the page again, and try once more.")),
    409: (
        lazy_gettext("Somebody was faster"),
        lazy_gettext("This has changed meanwhile: load the page again to see how it stands."),
    ),
    413: (lazy_gettext("This is too big"), lazy_gettext("Send us large files and long texts by mail.")),
    429: (lazy_gettext("A little too fast"), lazy_gettext("Wait a minute, then try again.")),
    500: (
        lazy_gettext("Something went wrong on our side"),
        lazy_gettext("It is not your fault. Try again in a few minutes; if it stays, tell us the number below."),
    ),
    503: (
        lazy_gettext("We cannot do this right now"),
        lazy_gettext("It is not your fault, and nothing is lost. Try again in a minute."),
    ),
}


def register(app: Flask) -> None:
    """Answer errors with pages."""
    app.register_error_handler(SecurityError, _untrusted_host)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(GatewayError, _gateway_error)
    app.register_error_handler(Exception, _unforeseen)


def error_page(status: int, *, incident: str | None = None) -> Response:
    """The page for a status."""
    if is_for_programs():
        return problem(status, incident=incident)
    title, advice = _SENTENCES.get(status, _SENTENCES[400])
    typed = _typed_reply() if status in _KEEP_TYPED else None
    page = render_template("error.html", title=title, advice=advice, incident=incident, typed=typed)
    answer = make_response(page, status)
    if status in _RETRY_AFTER:
        answer.headers["Retry-After"] = _RETRY_AFTER[status]
    return answer


def _untrusted_host(_error: SecurityError) -> Response:
    # Without a host that we know no link can be made, so this answer is not a page.
    return make_response("400 unknown host\n", 400, {"Content-Type": "text/plain; charset=utf-8"})


def _stale_form(_error: CSRFError) -> Response:
    return error_page(400)


def _http_error(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:
        return make_response(error.get_response())
    answer = error_page(error.code or 500)
    if error.code == 405:
        answer.headers["Allow"] = error.get_response().headers.get("Allow", "")
    return answer


def _gateway_error(error: GatewayError) -> Response:
    status = next((status for kind, status in _KINDS if isinstance(error, kind)), 500)
    if status >= 500:
        log.warning("web.deferred", page=request.endpoint, error=type(error).__name__)
    return error_page(status)


def _unforeseen(error: Exception) -> Response:
    # The endpoint's name and not the path: a path may be a sign-in link.
    incident = random32(8)
    log.error("web.failed", page=request.endpoint, incident=incident, exc_info=error)
    return error_page(500, incident=incident)


def _typed_reply() -> dict[str, str] | None:
    """What a person typed into the reply box, if this is their own form and not one made elsewhere."""
    if request.endpoint != "reply":
        return None
    try:
        current_app.extensions["csrf"].protect()
    except HTTPException:
        return None
    return {"action": request.path, "text": request.form.get("text", ""), "nonce": request.form.get("nonce", "")}
