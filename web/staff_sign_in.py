"""Staff sign in by a password and a code of their app.

GET  /login/password    a form
POST /login/password    begins a session; one answer to all that is wrong
"""

from flask import Flask, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from gateway.domain.sign_in import Way
from gateway.errors import NotFound
from gateway.services.known_browser import KNOWN_DAYS, make_known
from gateway.services.password_sign_in import sign_in_with_password
from gateway.services.sign_in_tries import MustWait
from web.auth import device, enter
from web.limits import SIGN_IN, peer, waiting
from web.security import cookie_name, is_https
from web.state import find_visitor_of_request, web


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    app.add_url_rule("/login/password", "password_form", password_form)
    app.add_url_rule("/login/password", "use_password", limiter.limit(SIGN_IN)(use_password), methods=["POST"])


def password_form() -> str | Response:
    """GET /login/password"""
    _require_password()
    found = find_visitor_of_request()
    if found is not None and found.may_work:
        return redirect(url_for("tickets"), 303)
    return _page({}, email="" if found is None else found.person.email)


def use_password() -> Response:
    """POST /login/password"""
    _require_password()
    form = request.form
    email = form.get("email", "")[:254]
    try:
        began = sign_in_with_password(
            web().runtime,
            email=email,
            password=form.get("password", ""),
            code=form.get("code", ""),
            peer=peer(),
            device=device(),
            known=request.cookies.get(_cookie(), ""),
        )
    except MustWait as error:
        return waiting(error, lambda faults: _page(faults, email=email))
    if began is None:
        wrong = gettext(
            "The address, the password or the code is wrong, or the code was used before. Wait for the next one, and "
            "try again."
        )
        return make_response(_page({"code": wrong}, email=email), 403)
    answer = enter(began)
    answer.set_cookie(
        _cookie(),
        make_known(web().runtime, began.person_id),
        max_age=KNOWN_DAYS * 24 * 3600,
        httponly=True,
        samesite="Lax",
        secure=is_https(web().runtime.settings),
    )
    return answer


def _cookie() -> str:
    return cookie_name(web().runtime.settings, "known")


def _require_password() -> None:
    if Way.PASSWORD not in web().runtime.settings.sign_in.ways:
        raise NotFound("nobody signs in by a password here")


def _page(faults: dict[str, str], *, email: str) -> str:
    return render_template("password.html", faults=faults, email=email)
