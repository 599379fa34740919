"""What other programs are told of by webhooks, and what becomes of a delivery. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.domain.events import EventType, TicketEvent
from gateway.domain.ticket import Status


class HookEvent(StrEnum):
    """What happens, by the name that receivers know it by. A name that has been released stays."""

    TICKET_CREATED = "ticket.created"
    ENTRY_ADDED = "entry.added"  # a message, a note, or what the gateway wrote
    CALL_LOGGED = "call.logged"
    STATUS_CHANGED = "ticket.status_changed"
    LEVEL_CHANGED = "ticket.level_changed"
    SEVERITY_CHANGED = "ticket.severity_changed"
    KIND_CHANGED = "ticket.kind_changed"
    ASSIGNEE_CHANGED = "ticket.assignee_changed"
    MERGED = "ticket.merged"
    STEPPED = "advisory.stepped"
    CLOCK_WARNED = "clock.warned"
    CLOCK_BREACHED = "clock.breached"
    PING = "ping"  # an operator tries it


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A receiver, as whoever writes down what happens knows it. `name` is `PROJECT/NAME`."""

    name: str
    events: frozenset[HookEvent]
    is_internal: bool


@dataclass(frozen=True, kw_only=True)
class HookFact:
    """Something that happened. `data` are plain values without anybody's words or address; `is_internal` is what
    reporters do not see."""

    event: HookEvent
    at: datetime
    entry_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    is_internal: bool = False


class Verdict(StrEnum):
    """What an attempt says."""

    TAKEN = "taken"
    UNFIT = "unfit"  # the receiver is well and does not take this one
    TROUBLE = "trouble"  # no other would have got through either
    GONE = "gone"  # it wants no more


_CHANGES: Mapping[EventType, HookEvent] = {
    EventType.STATUS: HookEvent.STATUS_CHANGED,
    EventType.LEVEL: HookEvent.LEVEL_CHANGED,
    EventType.SEVERITY: HookEvent.SEVERITY_CHANGED,
    EventType.KIND: HookEvent.KIND_CHANGED,
    EventType.ASSIGNED: HookEvent.ASSIGNEE_CHANGED,
    EventType.STEP: HookEvent.STEPPED,
}
_LATER = frozenset({408, 425, 429})


def facts_of(events: Iterable[TicketEvent]) -> list[HookFact]:
    """What these events of a ticket are to others; those that change nothing that a receiver keeps are left out."""
    return [_fact(event, _CHANGES[event.type]) for event in events if event.type in _CHANGES]


def entry_fact(entry_id: int, *, at: datetime, is_call: bool, is_visible: bool) -> HookFact:
    """Something on a timeline. That there was a call is told to all; of what only agents see, that it is there at all
    is internal."""
    event = HookEvent.CALL_LOGGED if is_call else HookEvent.ENTRY_ADDED
    return HookFact(event=event, at=at, entry_id=entry_id, is_internal=not (is_visible or is_call))


def verdict_of(status: int | None) -> Verdict:
    """What an HTTP status says; None where there was none.

    - 2xx: taken
    - 410: the receiver wants no more
    - another 4xx, but 408, 425 and 429, which ask to wait: not this one
    - the rest, redirects included, which nobody follows: trouble
    """
    if status is not None and 200 <= status < 300:
        return Verdict.TAKEN
    if status == 410:
        return Verdict.GONE
    if status is not None and 400 <= status < 500 and status not in _LATER:
        return Verdict.UNFIT
    return Verdict.TROUBLE


def _fact(event: TicketEvent, name: HookEvent) -> HookFact:
    if event.type is EventType.STATUS and event.value == Status.MERGED:
        return HookFact(event=HookEvent.MERGED, at=event.at)
    if event.type is EventType.ASSIGNED:
        return HookFact(event=name, at=event.at, data={"assigned": bool(event.value)}, is_internal=True)
    return HookFact(event=name, at=event.at, data={"to": event.value or None})
