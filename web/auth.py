"""Who is asking: the gate before every page, and signing in by a mailed link.

    GET  /login           a form that asks for an address
    POST /login           always the same answer; a known person finds a mail with a link
    GET  /login/TOKEN     a page with a button; mail scanners that follow links change nothing here
    POST /login/TOKEN     uses the link up and begins a session
    POST /logout          ends the session, in the database too

The session cookie holds 256 random bits of which the database has the sha256. It is made new at each sign-in, so
that nobody can plant a session beforehand, and `HttpOnly`, `SameSite=Lax`, and `Secure` where we are on https.
"""

from functools import partial

from flask import Flask, Response, g, make_response, redirect, render_template, request, session, url_for
from flask_limiter import Limiter
from werkzeug.wrappers import Response as AnyResponse

from gateway.services.sign_in import (
    NewSession,
    consume_link,
    end_session,
    find_lapsed_visitor,
    find_visitor,
    request_link,
)
from web.drafts import keep_what_was_typed
from web.i18n import language, local_path
from web.limits import ASK_FOR_LINK, USE_LINK
from web.security import cookie_name, is_https
from web.state import find_visitor_of_request, web
from web.uploads import ENDPOINTS, most_in_all

# Everything else needs a session. A new page is closed until somebody writes its name here.
PUBLIC = frozenset(
    {
        "home",
        "login",
        "ask_for_link",
        "link",
        "use_link",
        "language",
        "outcome",
        "say_outcome",
        "leave",
        "do_leave",
        "sent_list",
        "sent_mail",
        "healthz",
        "readyz",
        "metrics",
        "static",
    }
)
_WITHOUT_VISITOR = frozenset({"healthz", "readyz", "metrics", "static"})
_WANTED = "wanted"


def register(app: Flask, limiter: Limiter) -> None:
    """Close every page of the app but the public ones, and add the pages of this module."""
    app.before_request(gate)
    app.add_template_global(find_visitor_of_request, "visitor")
    app.add_url_rule("/", "home", home)
    app.add_url_rule("/login", "login", login)
    app.add_url_rule("/login", "ask_for_link", limiter.limit(ASK_FOR_LINK)(ask_for_link), methods=["POST"])
    app.add_url_rule("/login/<token>", "link", link)
    app.add_url_rule("/login/<token>", "use_link", limiter.limit(USE_LINK)(use_link), methods=["POST"])
    app.add_url_rule("/logout", "logout", logout, methods=["POST"])


def gate() -> AnyResponse | None:
    """Find out who is asking; a stranger is sent to the sign-in form, whatever they asked for."""
    if request.endpoint in _WITHOUT_VISITOR or request.blueprint == "api":  # programs bring a token, and no cookie
        return None
    token = request.cookies.get(_cookie())
    g.visitor = find_visitor(web().runtime, token) if token else None
    if token and request.endpoint in ENDPOINTS and request.mimetype == "multipart/form-data" and _is_known(token):
        # Twice what may be sent: a little too much is answered with the form and what was typed in it.
        request.max_content_length = 2 * most_in_all(web().runtime.settings)
    # No endpoint: there is no such page, which is not worth signing in for.
    if g.visitor is not None or request.endpoint is None or request.endpoint in PUBLIC:
        return None
    if request.method == "GET":
        session[_WANTED] = request.path[:200]
        return redirect(url_for("login"), 303)
    return keep_what_was_typed(token, wanted=_WANTED) or redirect(url_for("login"), 303)


def _is_known(token: str) -> bool:
    """True for a visitor, and for one whose session ran out: nobody else's files are worth reading."""
    return g.visitor is not None or find_lapsed_visitor(web().runtime, token) is not None


def home() -> AnyResponse:
    """GET /"""
    return redirect(url_for("login" if find_visitor_of_request() is None else "tickets"), 303)


def login() -> AnyResponse | str:
    """GET /login"""
    if find_visitor_of_request() is not None:
        return redirect(url_for("tickets"), 303)
    return render_template("login.html")


def ask_for_link() -> str:
    """POST /login: whether the address is known shows neither in the answer nor in the time it takes."""
    runtime = web().runtime
    email = request.form.get("email", "")
    web().background.run(partial(request_link, runtime, email=email, fallback_language=language().value))
    return render_template("link_asked.html", minutes=runtime.settings.session.link_minutes)


def link(token: str) -> str:
    """GET /login/TOKEN: the same page for any token, so that nothing is learned or changed by looking."""
    return render_template("link.html", token=token)


def use_link(token: str) -> AnyResponse:
    """POST /login/TOKEN"""
    runtime = web().runtime
    began = consume_link(runtime, token)
    if began is None:
        return make_response(render_template("link_spent.html"), 403)
    before = find_visitor_of_request()
    if before is not None:
        end_session(runtime, before)
    wanted = session.get(_WANTED)
    session.clear()
    answer = make_response(redirect(local_path(wanted) if wanted else url_for("tickets"), 303))
    _hand_over(answer, began)
    return answer


def logout() -> AnyResponse:
    """POST /logout"""
    visitor = find_visitor_of_request()
    if visitor is not None:
        end_session(web().runtime, visitor)
    session.clear()
    answer = redirect(url_for("login"), 303)
    answer.delete_cookie(_cookie(), httponly=True, samesite="Lax", secure=is_https(web().runtime.settings))
    return answer


def _hand_over(answer: Response, began: NewSession) -> None:
    settings = web().runtime.settings
    answer.set_cookie(
        _cookie(),
        began.token,
        max_age=settings.session.session_days * 24 * 3600,
        httponly=True,
        samesite="Lax",
        secure=is_https(settings),
    )


def _cookie() -> str:
    return cookie_name(web().runtime.settings, "session")
