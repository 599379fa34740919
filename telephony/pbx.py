"""Another telephone system feeds the log: a call comes in, is answered, is hung up. In the manner of Zammad's CTI.

    POST /telephony/pbx        with `Authorization: Bearer SECRET`, or the secret as the password of Basic
    POST /telephony/pbx/SECRET where the system can send no header

    event            newCall, answer or hangup
    callId           the same for all of a call; at most 250 characters
    from, to         numbers as that system knows them
    direction        in; what goes out is answered and not kept
    user             who takes it: a name, or several as user[]; in an answer with answeringNumber, their number
    cause            of a hangup: normalClearing, busy, cancel, noAnswer, congestion, notFound, forwarded

A form or JSON. Answered by `{}` once it is safe with us (503 where it is not), 403 without the secret, 503 where none
is configured, 400 for what is no event. The same event again changes nothing. A missed call waits in triage.
(https://docs.zammad.org/en/latest/api/generic-cti/index.html)
"""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import structlog
from flask import Flask, Response, request

from gateway.config.model import SettingsModel
from gateway.domain.business_hours import hours_of
from gateway.hotline_snapshot import HotlineSnapshot
from telephony.numbers import read_number

PATH = "/telephony/pbx"
PROVIDER = "pbx"
_LONGEST_ID = 250
_LONGEST_NAME = 100
_STATUS = {
    "busy": "busy",
    "cancel": "no-answer",
    "noAnswer": "no-answer",
    "congestion": "failed",
    "notFound": "failed",
}
_VOICEMAIL = "voicemail"

Keep = Callable[[dict[str, Any]], None]
log = structlog.get_logger()


class NotAnEvent(ValueError):
    """Not what the documentation says. The text says why, without anything of its content."""


def register(
    app: Flask,
    *,
    settings: SettingsModel,
    snapshot: Callable[[], HotlineSnapshot | None],
    now: Callable[[], datetime],
    keep: Keep,
) -> None:
    """Add the routes. `keep` makes an event safe and raises Deferred where it cannot."""

    def view(secret: str = "") -> Response:
        known = settings.telephony.pbx_secret
        if known is None:
            return _answer(503)
        if not _is_known(known.get_secret_value(), secret):
            log.warning("pbx.refused")
            return _answer(403)
        try:
            event = pbx_event(_values(), settings=settings, snapshot=snapshot(), at=now())
        except NotAnEvent as error:
            log.warning("pbx.not_an_event", reason=str(error))
            return _answer(400)
        if event is not None:
            keep(event)
        return _answer(200)

    app.add_url_rule(PATH, "pbx", view, methods=["POST"])
    app.add_url_rule(f"{PATH}/<secret>", "pbx-by-address", view, methods=["POST"])


def pbx_event(
    values: Mapping[str, Any], *, settings: SettingsModel, snapshot: HotlineSnapshot | None, at: datetime
) -> dict[str, Any] | None:
    """The call event of a request, as plain values for the spool; None for a call that goes out. Raises NotAnEvent."""
    kind, ident = _text(values, "event"), _text(values, "callId")
    if kind not in _STEPS:
        raise NotAnEvent("an event is newCall, answer or hangup")
    if not 0 < len(ident) <= _LONGEST_ID:
        raise NotAnEvent("a call has an id of at most 250 characters")
    if _text(values, "direction") == "out":
        return None
    caller = read_number(_text(values, "from"))
    taken_by = f"{_text(values, 'answeringNumber')}\n{_names(values)}" if kind == "answer" else ""
    return {
        "kind": _KINDS[kind],
        "key": sha256("\n".join([PROVIDER, kind, ident, taken_by]).encode("utf-8", "replace")).hexdigest(),
        "provider": PROVIDER,
        "call": ident,
        "source": PROVIDER,
        "at": at.isoformat(),
        "turn": _TURNS[kind],
        "from": caller.e164,
        "from_kind": caller.kind.value,
        "to": _text(values, "to"),
        **_STEPS[kind](values, settings, snapshot, at),
    }


def _new_call(
    values: Mapping[str, Any], settings: SettingsModel, snapshot: HotlineSnapshot | None, at: datetime
) -> dict[str, Any]:
    number, projects = read_number(_text(values, "to")).e164, settings.project_list
    known = [one for one in projects if one.hotline is not None and one.hotline == number]
    project = known[0] if known else projects[0] if len(projects) == 1 else None
    step: dict[str, Any] = {"name": "call.received", "project": project.key if project else ""}
    if project is not None:
        calendar = snapshot.calendar_of(project) if snapshot else project.calendar
        step["open"] = hours_of(calendar).is_open(at)
    return {"status": "ringing", "steps": [step]}


def _answered(
    values: Mapping[str, Any], _settings: SettingsModel, snapshot: HotlineSnapshot | None, _at: datetime
) -> dict[str, Any]:
    """Who took it is an agent whose number we know, or else a name; a mailbox takes nothing."""
    number = _text(values, "answeringNumber")
    if number == _VOICEMAIL:
        return {"status": "in-progress", "steps": [{"name": "pbx.mailbox"}]}
    e164, known = read_number(number).e164, snapshot.numbers if snapshot else {}
    agent = next((person for person, phone in sorted(known.items()) if phone == e164), 0)
    who = {"agent": agent, "label": _names(values)[:_LONGEST_NAME]}
    steps = [{"name": "agent.accepted", **who}, {"name": "agent.ended", **who, "status": "answered", "bridged": True}]
    return {"status": "in-progress", "steps": steps}


def _hung_up(
    values: Mapping[str, Any], _settings: SettingsModel, _snapshot: HotlineSnapshot | None, _at: datetime
) -> dict[str, Any]:
    cause = _text(values, "cause")
    steps = [] if cause == "forwarded" else [{"name": "pbx.ended", "cause": cause if cause in _STATUS else ""}]
    return {"status": _STATUS.get(cause, "completed"), "steps": steps}


_STEPS = {"newCall": _new_call, "answer": _answered, "hangup": _hung_up}
_KINDS = {"newCall": "began", "answer": "answered", "hangup": "ended"}
_TURNS = {"newCall": 0, "answer": 1, "hangup": 2}


def _is_known(known: str, in_address: str) -> bool:
    given = request.authorization
    stated = [in_address]
    if given is not None:
        stated.append(given.token or given.password or "")
    agree = [hmac.compare_digest(known.encode(), one.encode("utf-8", "replace")) for one in stated]  # every one
    return any(agree)


def _values() -> Mapping[str, Any]:
    if request.mimetype == "application/json":
        found = request.get_json(silent=True)
        if not isinstance(found, dict):
            raise NotAnEvent("the body is no JSON object")
        return found
    return {name: values if name.endswith("[]") else values[-1] for name, values in request.form.lists()}


def _text(values: Mapping[str, Any], name: str) -> str:
    found = values.get(name, "")
    if not isinstance(found, str | int) or isinstance(found, bool):
        raise NotAnEvent(f"{name} is a text")
    return str(found).strip()


def _names(values: Mapping[str, Any]) -> str:
    found = values.get("user[]") or values.get("user") or ""
    listed = found if isinstance(found, list) else [found]
    return " ".join(", ".join(str(one) for one in listed).split())


def _answer(status: int) -> Response:
    return Response(
        "{}\n" if status == 200 else f'{{"status": {status}}}\n', status=status, mimetype="application/json"
    )
