"""Who is asking: the gate before every page, and signing in by a mailed link; staff may have other ways
(`web.staff_sign_in`).

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

from gateway.domain.device import device_of
from gateway.domain.sign_in import Way
from gateway.services.sign_in import (
    NewSession,
    consume_link,
    end_session,
    find_lapsed_visitor,
    find_visitor,
    request_link,
)
from gateway.services.sign_in_tries import MustWait
from web.access import must_step_up
from web.drafts import keep_what_was_typed
from web.i18n import language, local_path
from web.limits import ASK_FOR_LINK, USE_LINK, peer, waiting
from web.security import cookie_name, is_https
from web.state import find_visitor_of_request, web
from web.uploads import ENDPOINTS, most_in_all

# Everything else needs a session. A new page is closed until somebody writes its name here.
PUBLIC = frozenset(
    {
        "accessibility",
        "home",
        "login",
        "ask_for_link",
        "link",
        "use_link",
        "password_form",
        "use_password",
        "oidc_begin",
        "oidc_back",
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
    if request.endpoint is None or request.endpoint in PUBLIC:
        return None
    if g.visitor is not None:
        return step_up() if _is_desk(request.path) and must_step_up() else None
    if request.method == "GET":
        session[_WANTED] = request.path[:200]
        return redirect(url_for("login"), 303)
    return keep_what_was_typed(token, wanted=_WANTED) or redirect(url_for("login"), 303)


def _is_known(token: str) -> bool:
    """True for a visitor, and for one whose session ran out: nobody else's files are worth reading."""
    return g.visitor is not None or find_lapsed_visitor(web().runtime, token) is not None


def step_up() -> AnyResponse:
    """The page for staff who signed in by a way that does not open the desk: which ways do."""
    if request.method == "GET":
        session[_WANTED] = request.path[:200]
    return make_response(render_template("step_up.html", **sign_in_ways()), 403)


def sign_in_ways() -> dict[str, object]:
    """What sign-in pages offer staff beside the mailed link."""
    chosen = web().runtime.settings.sign_in
    return {
        "has_password": Way.PASSWORD in chosen.ways,
        "has_oidc": Way.OIDC in chosen.ways,
        "oidc_name": "" if chosen.oidc is None else chosen.oidc.name,
    }


def _is_desk(path: str) -> bool:
    return path == "/desk" or path.startswith("/desk/")


def home() -> AnyResponse:
    """GET /"""
    return redirect(url_for("login" if find_visitor_of_request() is None else "tickets"), 303)


def login() -> AnyResponse | str:
    """GET /login"""
    if find_visitor_of_request() is not None:
        return redirect(url_for("tickets"), 303)
    return render_template("login.html", **sign_in_ways())


def ask_for_link() -> str:
    """POST /login: whether the address is known shows neither in the answer nor in the time it takes."""
    runtime = web().runtime
    email = request.form.get("email", "")
    web().background.run(partial(request_link, runtime, email=email, fallback_language=language().value))
    return render_template("link_asked.html", minutes=runtime.settings.session.link_minutes)


def link(token: str) -> str:
    """GET /login/TOKEN: the same page for any token, so that nothing is learned or changed by looking."""
    return render_template("link.html", token=token, faults={})


def use_link(token: str) -> AnyResponse:
    """POST /login/TOKEN"""
    try:
        began = consume_link(web().runtime, token, peer=peer(), device=device())
    except MustWait as error:
        return waiting(error, lambda faults: render_template("link.html", token=token, faults=faults))
    return make_response(render_template("link_spent.html"), 403) if began is None else enter(began)


def enter(began: NewSession) -> AnyResponse:
    """Into the site by a session that has just begun, to what was wanted; the browser's session before it ends."""
    before = find_visitor_of_request()
    if before is not None:
        end_session(web().runtime, before)
    wanted = session.get(_WANTED)
    session.clear()
    answer = make_response(redirect(local_path(wanted) if wanted else url_for("tickets"), 303))
    hand_over(answer, began)
    return answer


def device() -> str:
    """The kind of device that asks."""
    return device_of(request.headers.get("User-Agent", "")[:500])


def logout() -> AnyResponse:
    """POST /logout"""
    visitor = find_visitor_of_request()
    if visitor is not None:
        end_session(web().runtime, visitor)
    session.clear()
    answer = redirect(url_for("login"), 303)
    answer.delete_cookie(_cookie(), httponly=True, samesite="Lax", secure=is_https(web().runtime.settings))
    return answer


def hand_over(answer: Response, began: NewSession) -> None:
    """Give the browser a session that has just begun, in the place of what it had."""
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
