"""A webhook's parameters as a call event: what every provider can say, and a key that a repeated one has again.

The key is made of what is signed. The provider's idempotency header is not, so it is never looked at.
(https://www.twilio.com/docs/voice/twiml, https://www.twilio.com/docs/voice/api/call-resource#statuscallback)
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

from telephony.line import Heard, Route, Step
from telephony.numbers import read_number
from telephony.state import State

ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_MAX_VALUE = 2000  # characters of one parameter that are kept


def call_of(params: Mapping[str, str], route: Route) -> str:
    """The id of the caller's call, also in what concerns an agent's leg."""
    own = params.get("CallSid", "")
    return (params.get("ParentCallSid") or own) if route in {Route.WHISPER, Route.SCREEN, Route.LEG} else own


def heard_of(params: Mapping[str, str]) -> Heard:
    """What the provider heard: keys, how an agent's leg ended, how long a message is."""
    digits = params.get("Digits", "")
    bridged = {"true": True, "false": False}.get(params.get("DialBridged", "").lower())
    return Heard(
        digits="" if digits == "hangup" else digits,
        is_gone=digits == "hangup" or params.get("CallStatus", "") in ENDED,
        status=params.get("DialCallStatus", ""),
        bridged=bridged,
        seconds=seconds(params.get("DialCallDuration") or params.get("RecordingDuration", "")),
        recording=params.get("RecordingSid", ""),
    )


def seconds(text: str) -> int:
    """A number of seconds; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def event_of(
    route: Route,
    params: Mapping[str, str],
    *,
    token: str,
    state: State | None,
    steps: Sequence[Step],
    at: datetime,
) -> dict[str, Any]:
    """The event, as plain values for the spool.

    `at` is when the request came; a moment that the provider states counts instead. `turn` puts what the caller went
    through in order. Parameters are kept as they came, unknown and blank ones included.
    """
    caller = read_number(params.get("From", ""))
    event: dict[str, Any] = {
        "kind": route.value,
        "key": _key(route, params, token),
        "provider": "twilio",
        "call": call_of(params, route),
        "at": at.isoformat(),
        "turn": 0 if state is None else state.turn + (route is Route.STEP),
        "steps": [{"name": step.name, **step.facts} for step in steps],
        "params": {name: value[:_MAX_VALUE] for name, value in params.items()},
    }
    if route in {Route.VOICE, Route.STEP, Route.STATUS, Route.FALLBACK}:
        event |= {"status": params.get("CallStatus", ""), "seconds": seconds(params.get("CallDuration", ""))}
        event |= {"from": caller.e164, "from_kind": caller.kind.value, "to": params.get("To", "")}
    if route in {Route.LEG, Route.STATUS} and (stated := _timestamp(params.get("Timestamp", ""))):
        event["at"] = stated.isoformat()
    if route is Route.LEG:
        event["leg"] = {
            "id": params.get("CallSid", ""),
            "agent": None if state is None else state.agent,
            "status": params.get("CallStatus", ""),
            "seconds": seconds(params.get("CallDuration", "")),
        }
    if route is Route.RECORDING:
        event["recording"] = {
            "id": params.get("RecordingSid", ""),
            "status": params.get("RecordingStatus", ""),
            "seconds": seconds(params.get("RecordingDuration", "")),
        }
    return event


def _key(route: Route, params: Mapping[str, str], token: str) -> str:
    own = params.get("CallSid", "")
    match route:
        case Route.LEG | Route.STATUS:
            order = params.get("SequenceNumber") or params.get("Timestamp", "")
            parts = [own, order, params.get("CallStatus", "")]
        case Route.RECORDING:
            parts = [params.get("RecordingSid", ""), params.get("RecordingStatus", "")]
        case Route.FALLBACK:
            parts = [own, params.get("ErrorCode", ""), params.get("ErrorUrl", "")]
        case _:
            parts = [own, token]
    return sha256("\n".join(["twilio", route.value, *parts]).encode("utf-8", "replace")).hexdigest()


def _timestamp(text: str) -> datetime | None:
    try:
        stated = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).astimezone(UTC)


def storable(value: Any) -> Any:
    """The value as every database holds it: no NUL and no half of a pair in any text. What a caller's network sends as
    a name must not keep their call off the record.
    """
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {storable(name): storable(one) for name, one in value.items()}
    return [storable(one) for one in value] if isinstance(value, list) else value
