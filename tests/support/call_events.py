"""The events of calls, as they are kept."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from gateway.domain.call import CallEvent

BEGAN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_FROM = {"from": "+33612345678", "from_kind": "e164", "to": "+33199001234"}


def event(kind: str, turn: int, *, seconds_later: int | None = None, **data: Any) -> CallEvent:
    """An event; ten seconds pass with each turn."""
    at = BEGAN + timedelta(seconds=10 * turn if seconds_later is None else seconds_later)
    key = sha256(f"{kind} {turn} {at} {sorted(data.items(), key=str)}".encode()).hexdigest()
    return CallEvent(key=key, kind=kind, at=at, turn=turn, data=data)


def step(turn: int, *steps: dict[str, Any], kind: str = "step", **data: Any) -> CallEvent:
    """What the caller went through."""
    return event(kind, turn, steps=list(steps), **{"status": "in-progress", **_FROM, **data})


def final(seconds: int, **data: Any) -> CallEvent:
    """The provider says that the call is over."""
    return event("status", 0, seconds_later=seconds, **{"status": "completed", "seconds": seconds, **_FROM, **data})


LEG = event("leg", 4, leg={"id": "CA1", "agent": 7, "status": "no-answer", "seconds": 15})
ELIGIBLE = (
    step(0, {"name": "call.received", "open": True, "project": "DEMO"}, kind="voice", status="ringing"),
    step(2, {"name": "language", "lang": "fr"}),
    step(3, {"name": "code.entered", "try": 1}),
    step(4, {"name": "ticket.matched", "ticket": "DEMO-1"}, {"name": "agent.rung", "agent": 7}),
)
_NO_ANSWER = {"name": "agent.ended", "agent": 7, "status": "no-answer", "bridged": False, "seconds": 0}
_SECOND = {"name": "agent.rung", "agent": 8}
_TALKED = {"name": "agent.ended", "agent": 8, "status": "completed", "bridged": True, "seconds": 180}
ANSWERED = (
    *ELIGIBLE,
    LEG,
    step(5, _NO_ANSWER, _SECOND),
    event("screen", 5, seconds_later=40, steps=[{"name": "agent.accepted", "agent": 8}]),
    event("leg", 5, leg={"id": "CA2", "agent": 8, "status": "completed", "seconds": 190}),
    step(6, _TALKED),
    final(240),
)
WITH_MESSAGE = (
    *ELIGIBLE,
    step(5, _NO_ANSWER, {"name": "message.offered", "why": "no answer"}),
    step(6, {"name": "message.left", "recording": "RE1", "seconds": 20}, status="completed"),
    event("recording", 5, recording={"id": "RE1", "status": "completed", "seconds": 20}),
    LEG,
    final(90),
)
MISSED = (*ELIGIBLE, LEG, step(5, _NO_ANSWER, {"name": "caller.gone"}, status="completed"), final(60))
