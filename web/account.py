"""My account: the sessions of whoever looks, and for staff their password, app and recovery codes.

    GET  /account                    everything
    POST /account/sessions           end one session, or all others
    POST /account/app                begin to set an app up: a new secret
    GET  /account/app                its square code, and the form that ends it
    POST /account/app/set            set the password, the app and new recovery codes
    GET  /account/factors/CHANGE     another password, new recovery codes, or none of it any more
    POST /account/factors/CHANGE

Every change of these ends all sessions and begins a new one for this browser.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_limiter import Limiter
from markupsafe import Markup
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from gateway.db.sign_in import Session
from gateway.domain.audit import Refusal
from gateway.domain.passwords import PasswordFault
from gateway.domain.sign_in import Way
from gateway.domain.totp import key_uri, typed_secret
from gateway.errors import NotFound
from gateway.services import set_factors
from gateway.services.sessions import list_sessions, revoke_session, revoke_sessions
from gateway.services.set_factors import BadPassword, NotProven, Proof, Standing, WrongNewCode, standing_of
from gateway.services.setup_code import is_setup_code_asked
from gateway.services.sign_in import NewSession
from gateway.services.sign_in_tries import MustWait
from web.access import works
from web.auth import device, hand_over, sign_in_ways
from web.limits import SIGN_IN, peer, waiting
from web.state import visitor, web

WAYS = {
    Way.LINK: lazy_gettext("by a mailed link"),
    Way.PASSWORD: lazy_gettext("by password and code"),
    Way.OIDC: lazy_gettext("by your organisation’s sign-in"),
    Way.OPERATOR: lazy_gettext("by a link from the operator"),
}
_BAD_PASSWORDS = {
    PasswordFault.SHORT: lazy_gettext("At least 12 characters: three or four words make a good one."),
    PasswordFault.LONG: lazy_gettext("At most 200 characters."),
    PasswordFault.NAMES_YOU: lazy_gettext(
        "Your name and your address are what others try first: choose something else."
    ),
    PasswordFault.MONOTONOUS: lazy_gettext("This repeats one or two characters: choose something else."),
}
Faults = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class SessionView:
    """A session as the page lists it. `device` is empty where it is not known."""

    id: int
    device: str
    way: str
    since: datetime
    seen: datetime
    is_this: bool


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    app.add_url_rule("/account", "account", account)
    app.add_url_rule("/account/sessions", "account_sessions", limiter.limit(SIGN_IN)(end_sessions), methods=["POST"])
    app.add_url_rule("/account/app", "account_app", show_app)
    app.add_url_rule("/account/app", "account_begin_app", limiter.limit(SIGN_IN)(begin_app), methods=["POST"])
    app.add_url_rule("/account/app/set", "account_set_up", limiter.limit(SIGN_IN)(set_up), methods=["POST"])
    path = "/account/factors/<any(password,codes,remove):change>"
    app.add_url_rule(path, "account_change", show_change)
    app.add_url_rule(path, "account_do_change", limiter.limit(SIGN_IN)(do_change), methods=["POST"])


def account() -> str:
    """GET /account"""
    me = visitor()
    found = list_sessions(web().runtime, me.person.id)
    has_factors = _may_have_factors()
    return render_template(
        "account.html",
        sessions=[_view(row, is_this=row.id == me.session_id) for row in found],
        standing=standing_of(web().runtime, me.person.id) if has_factors else None,
        way=WAYS[me.way],
        may_work=me.may_work or not works(),
        may_remove=_may_remove(),
        asks_setup_code=is_setup_code_asked(me),
        **sign_in_ways(),
    )


def end_sessions() -> Response:
    """POST /account/sessions"""
    me, runtime = visitor(), web().runtime
    if request.form.get("act") == "others":
        revoke_sessions(runtime, me.person.id, by=me.person.id, but=[me.session_id])
        flash(gettext("You are signed out everywhere but here."))
        return redirect(url_for("account"), 303)
    try:
        number = int(request.form.get("id", ""))
    except ValueError:
        raise BadRequest from None
    if not 0 < number < 2**31:
        raise BadRequest
    try:
        revoke_session(runtime, number, person_id=me.person.id, by=me.person.id)
    except NotFound:
        flash(gettext("This session had ended already."))
    else:
        flash(gettext("This session has ended."))
    return redirect(url_for("account"), 303)


def begin_app() -> Response:
    """POST /account/app"""
    _require_factors()
    set_factors.begin_app(web().runtime, visitor())
    return redirect(url_for("account_app"), 303)


def show_app() -> str | Response:
    """GET /account/app"""
    _require_factors()
    standing = _standing()
    return redirect(url_for("account"), 303) if standing.pending is None else _app_page(standing, {})


def set_up() -> str | Response:
    """POST /account/app/set"""
    _require_factors()
    standing = _standing()
    if standing.pending is None:
        return redirect(url_for("account"), 303)
    form = request.form

    def act() -> tuple[list[str], NewSession]:
        return set_factors.set_up(
            web().runtime,
            visitor(),
            password=form.get("password", ""),
            new_code=form.get("new_code", ""),
            proof=_proof(),
            device=device(),
        )

    return _answer(act, again=lambda faults: _app_page(standing, faults), asks_password=True)


def show_change(change: str) -> str:
    """GET /account/factors/CHANGE"""
    _require_change(change)
    return _change_page(change, {})


def do_change(change: str) -> str | Response:
    """POST /account/factors/CHANGE"""
    _require_change(change)
    runtime, me, proof = web().runtime, visitor(), _proof()
    password = request.form.get("password", "")

    def act() -> tuple[list[str], NewSession]:
        if change == "codes":
            return set_factors.renew_codes(runtime, me, proof=proof, device=device())
        if change == "remove":
            return [], set_factors.remove_factors(runtime, me, proof=proof, device=device())
        return [], set_factors.change_password(runtime, me, password=password, proof=proof, device=device())

    return _answer(act, again=lambda faults: _change_page(change, faults), asks_password=change == "password")


def _answer(
    act: Callable[[], tuple[list[str], NewSession]], *, again: Callable[[Faults], str], asks_password: bool
) -> Response:
    """Do it, and show the recovery codes that come of it, once; or the form again, with what is wrong."""
    if asks_password and request.form.get("password") != request.form.get("again"):
        return make_response(again({"again": gettext("These two are not the same.")}), 400)
    try:
        codes, began = act()
    except BadPassword as error:
        return make_response(again({"password": str(_BAD_PASSWORDS[error.fault])}), 400)
    except WrongNewCode:
        wrong = gettext("This is not the code that the app shows now. Is the clock of your telephone right?")
        return make_response(again({"new_code": wrong}), 400)
    except NotProven as error:
        wrong = gettext("This does not fit, or the code was used before. Wait for the next one, and try again.")
        if error.why is Refusal.WRONG_SETUP_CODE:
            wrong = gettext("This is not the code that you were handed, or its time is over: ask for another.")
        return make_response(again({"code": wrong}), 403)
    except MustWait as error:
        return waiting(error, again)
    if codes:
        answer = make_response(render_template("account_codes.html", codes=codes))
    else:
        flash(gettext("Done. You are signed out everywhere but here."))
        answer = make_response(redirect(url_for("account"), 303))
    hand_over(answer, began)
    return answer


def _app_page(standing: Standing, faults: Faults) -> str:
    assert standing.pending is not None, "looked at before"
    secret = typed_secret(standing.pending)
    return render_template(
        "account_app.html",
        square=_square(standing.pending),
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        email=visitor().person.email,
        is_set_up=standing.is_set_up,
        asks_password=set_factors.is_password_asked(visitor()),
        asks_setup_code=is_setup_code_asked(visitor()) and not standing.is_set_up,
        faults=faults,
    )


def _change_page(change: str, faults: Faults) -> str:
    return render_template(
        "account_change.html",
        change=change,
        email=visitor().person.email,
        asks_password=set_factors.is_password_asked(visitor()),
        faults=faults,
    )


def _square(secret: bytes) -> Markup:
    import segno

    uri = key_uri(secret, issuer=web().runtime.settings.mail.sender_name, account=visitor().person.email)
    # Ours from end to end: nothing of it is a person's text but inside the squares.
    # S704: a drawing of squares by segno; no word of anybody stands in it.
    return Markup(segno.make(uri, error="m").svg_inline(scale=5, border=4, light="white", dark="black"))  # noqa: S704


def _standing() -> Standing:
    me = visitor()
    return standing_of(web().runtime, me.person.id, session_id=me.session_id)


def _proof() -> Proof:
    return Proof(password=request.form.get("current", ""), code=request.form.get("code", ""), peer=peer())


def _may_have_factors() -> bool:
    return Way.PASSWORD in web().runtime.settings.sign_in.ways and works()


def _may_remove() -> bool:
    """Only where another way is left to work by."""
    return web().runtime.settings.sign_in.ways != {Way.PASSWORD}


def _require_factors() -> None:
    if not _may_have_factors():
        raise NotFound("there is no password here")


def _require_change(change: str) -> None:
    _require_factors()
    if not standing_of(web().runtime, visitor().person.id).is_set_up or (change == "remove" and not _may_remove()):
        raise NotFound("there is nothing to change")


def _view(row: Session, *, is_this: bool) -> SessionView:
    return SessionView(
        id=row.id,
        device=row.device,
        way=str(WAYS[row.way]),
        since=row.created_at,
        seen=row.last_seen_at or row.created_at,
        is_this=is_this,
    )
