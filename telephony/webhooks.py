"""The provider's webhooks: verify, decide, answer, hand over. Nothing here asks a database, Redis or another host.

    POST /telephony/twilio/voice       a call comes in
    POST /telephony/twilio/step        the caller keyed, an agent's leg ended, a message was left
    POST /telephony/twilio/whisper     an agent took off        POST .../screen   and pressed a key
    POST /telephony/twilio/leg, /recording, /status             what happened; answered by 204
    POST /telephony/twilio/fallback    one of the above did not answer
    POST /telephony/pbx                another telephone system's (`pbx.py`)

Not signed: 403, and nothing is kept. No secret to check it with: 503. A request that is repeated gets the same bytes.
What happened is in the spool before a 204 says so (503 where the disk does not take it); a caller is answered even
then. Whatever fails inside, a caller hears an apology and can leave a message.
"""

import json
import re
from collections.abc import Callable
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Response, request
from werkzeug.datastructures import MultiDict

from gateway.clock import Clock
from gateway.config.model import SettingsModel
from gateway.errors import Deferred
from gateway.spool.entry import Lane
from gateway.spool.store import Spool
from telephony import pbx
from telephony.answering import PREFIX, Operator
from telephony.events import storable
from telephony.line import Route
from telephony.signature import MAX_BODY, Secrets, Webhook, is_signed, read_form
from telephony.snapshot import Snapshots

_CALL_ID = re.compile(r"CA[0-9a-f]{32}")
_PATIENCE = 2.0  # seconds that a caller waits for our disk
_TELLING = frozenset({Route.LEG, Route.RECORDING, Route.STATUS})

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What the webhooks stand on. `ring` says that a lane has work, and never waits."""

    settings: SettingsModel
    secrets: Secrets
    snapshots: Snapshots
    signing_keys: tuple[bytes, ...]
    spool: Spool
    ring: Callable[[str], None]
    clock: Clock


def create_app(exchange: Exchange) -> Flask:
    """The webhooks as a WSGI application of their own: no page's sign-in, form token or limit stands before them."""
    app = Flask("telephony", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, TRUSTED_HOSTS=None)
    operator = Operator(
        exchange.settings, snapshots=exchange.snapshots, signing_keys=exchange.signing_keys, clock=exchange.clock
    )
    for route in Route:
        app.add_url_rule(
            f"{PREFIX}/{route}", route.value, _view(exchange, operator, route), methods=["POST"], strict_slashes=True
        )
    pbx.register(
        app,
        settings=exchange.settings,
        snapshot=exchange.snapshots.current,
        now=exchange.clock.now,
        keep=lambda event: _keep(exchange, event),
    )
    app.register_error_handler(Deferred, lambda _error: _plain(503))

    @app.after_request
    def _add_headers(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


def _view(exchange: Exchange, operator: Operator, route: Route) -> Callable[[], Response]:
    def view() -> Response:
        webhook = _webhook()
        if not exchange.secrets.any:
            return _plain(503)
        if not is_signed(webhook, public_base=exchange.settings.http.base_url, secrets=exchange.secrets):
            log.warning("webhook.refused", route=route.value)
            return _plain(403)
        params = read_form(webhook)
        if not _is_ours(params, exchange.settings):
            return _plain(400)
        if route in _TELLING:
            _keep(exchange, operator.record(route, webhook.target, params))
            return Response(status=204)
        decided = operator.instruct(route, webhook.target, webhook.body, params)
        if decided.event is not None:
            _keep_if_possible(exchange, decided.event)
        return Response(decided.content, content_type="text/xml; charset=utf-8")

    return view


def _webhook() -> Webhook:
    """The request as it came: the target raw, since the framework decodes and sorts what was signed."""
    environ = request.environ
    target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Webhook(method=request.method, target=target, headers=headers, body=request.get_data(cache=False))


def _is_ours(params: MultiDict[str, str], settings: SettingsModel) -> bool:
    account = settings.telephony.account_sid
    of_account = account is None or params.get("AccountSid", account) == account
    parent = params.get("ParentCallSid")
    ids = [params.get("CallSid", ""), *([parent] if parent else [])]
    return of_account and all(_CALL_ID.fullmatch(one) for one in ids)


def _keep(exchange: Exchange, event: dict[str, Any]) -> None:
    """Hand an event over. Raises Deferred where it is not safe with us."""
    exchange.spool.accept(Lane.CALL, _envelope(event), _payload(event))
    exchange.ring(Lane.CALL)


def _keep_if_possible(exchange: Exchange, event: dict[str, Any]) -> None:
    """Hand an event over and answer the caller in any case: what is missing, reconciliation finds at the provider."""
    try:
        _, done = exchange.spool.submit(Lane.CALL, _envelope(event), _payload(event))
        done.result(timeout=_PATIENCE)
    except (Deferred, OSError, TookTooLong) as error:
        log.error("call.not_kept", route=event["kind"], error=type(error).__name__)
        return
    exchange.ring(Lane.CALL)


def _envelope(event: dict[str, Any]) -> dict[str, Any]:
    return {"channel": "phone", "kind": event["kind"], "received_at": event["at"]}


def _payload(event: dict[str, Any]) -> bytes:
    return json.dumps(storable(event), ensure_ascii=True, sort_keys=True).encode("ascii")


def _plain(status: int) -> Response:
    return Response(f"{status}\n", status=status, content_type="text/plain; charset=utf-8")
