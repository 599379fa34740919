"""Staff sign in by their organisation (OpenID Connect).

    GET /login/oidc         sends the browser to the provider
    GET /login/oidc/back    where the provider sends it back to

What the browser was sent with is kept in its own signed form cookie, for ten minutes and for one answer.
"""

import hmac

import structlog
from flask import Flask, current_app, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from gateway.domain.audit import Refusal
from gateway.domain.sign_in import Way
from gateway.errors import NotFound
from gateway.services.oidc_sign_in import sign_in_as_vouched
from gateway.services.sign_in_record import note_failure, waits_noted
from gateway.services.sign_in_tries import MustWait, count_try
from web.auth import device, enter, sign_in_ways
from web.limits import SIGN_IN, peer, waiting
from web.oidc_client import Asked, OidcClient, OidcRefused, OidcTrouble, new_question
from web.state import web

log = structlog.get_logger()

_ASKED = "oidc"
_ANSWERED_WITHIN = 600  # seconds
_KEY = "gateway_oidc"


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    settings = app.extensions["gateway"].runtime.settings
    if settings.sign_in.oidc is not None:
        back = f"{settings.http.base_url}/login/oidc/back"
        app.extensions[_KEY] = OidcClient(settings.sign_in.oidc, redirect_uri=back)
    app.add_url_rule("/login/oidc", "oidc_begin", limiter.limit(SIGN_IN)(begin))
    app.add_url_rule("/login/oidc/back", "oidc_back", limiter.limit(SIGN_IN)(back_again))


def begin() -> Response:
    """GET /login/oidc"""
    asked = new_question()
    try:
        url = _client().question_url(asked)
    except OidcTrouble as error:
        return _away(error)
    except OidcRefused as error:
        return _refused(error)
    at = int(web().runtime.clock.now().timestamp())
    session[_ASKED] = {"state": asked.state, "nonce": asked.nonce, "verifier": asked.verifier, "at": at}
    return redirect(url, 303)


def back_again() -> Response:
    """GET /login/oidc/back"""
    client, runtime = _client(), web().runtime
    asked = _asked(session.pop(_ASKED, None), request.args.get("state", ""))
    if asked is None:
        note_failure(runtime, person_id=None, way=Way.OIDC.value, why=Refusal.FORGED)
        return _failed(gettext("This sign-in was begun elsewhere or too long ago."), 403)
    code = request.args.get("code", "")
    try:
        with waits_noted(runtime, person_id=None, way=Way.OIDC.value):
            count_try(runtime, address=None, peer=peer())
        if not code or request.args.get("iss", client.issuer) != client.issuer:
            raise OidcRefused("the provider lets nobody in")
        email = client.address_of(code, asked, now=runtime.clock.now())
    except MustWait as error:
        return waiting(error, lambda faults: _page(faults["code"]))
    except OidcTrouble as error:
        return _away(error)
    except OidcRefused as error:
        note_failure(runtime, person_id=None, way=Way.OIDC.value, why=Refusal.NOT_VOUCHED)
        return _refused(error)
    began = sign_in_as_vouched(runtime, email=email, peer=peer(), device=device())
    if began is None:
        return _failed(gettext("Your organisation knows you, but you do not work for a project here."), 403)
    return enter(began)


def _asked(kept: object, state: str) -> Asked | None:
    """What this browser was sent with, if that is what comes back and it was not long ago."""
    if not isinstance(kept, dict) or not state or not hmac.compare_digest(str(kept["state"]).encode(), state.encode()):
        return None
    if web().runtime.clock.now().timestamp() - kept["at"] > _ANSWERED_WITHIN:
        return None
    return Asked(state=state, nonce=str(kept["nonce"]), verifier=str(kept["verifier"]))


def _client() -> OidcClient:
    client = current_app.extensions.get(_KEY)
    if not isinstance(client, OidcClient):
        raise NotFound("nobody signs in by an organisation here")
    return client


def _away(error: OidcTrouble) -> Response:
    log.warning("oidc.away", why=str(error))
    return _failed(gettext("The sign-in of your organisation does not answer. Try again in a few minutes."), 503)


def _refused(error: OidcRefused) -> Response:
    log.warning("oidc.refused", why=str(error))
    return _failed(gettext("The sign-in of your organisation did not let you in."), 403)


def _failed(why: str, status: int) -> Response:
    answer = make_response(_page(why), status)
    if status == 503:
        answer.headers["Retry-After"] = "60"
    return answer


def _page(why: str) -> str:
    return render_template("oidc_failed.html", why=why, again=url_for("oidc_begin"), **sign_in_ways())
