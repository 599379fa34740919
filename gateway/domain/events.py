"""What happened to a ticket, as values that never change: the history from which clocks and rights are computed.

A row of `tickets` says where things stand, for lists and searches; where it got there is said here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from gateway.domain.ticket import Kind, Level, Severity, Status


class EventType(StrEnum):
    """What happened, and what the event's `value` then holds."""

    CREATED = "created"  # nothing: a request for help at N1, unless events at the same moment say otherwise
    KIND = "kind"  # the kind of work
    SEVERITY = "severity"  # the severity; empty where it was taken away
    STATUS = "status"  # the status
    LEVEL = "level"  # the level that it is before now
    ASSIGNED = "assigned"  # the address of the agent; empty where nobody has it any more
    ANSWERED = "answered"  # nothing: a person wrote to the reporter
    CALL_ANSWERED = "call_answered"  # nothing: a person spoke to the reporter
    WORKAROUND = "workaround"  # nothing: service is restored, the cause may remain
    CONTRACT = "contract"  # the terms from now on, as JSON
    STEP = "step"  # the step of an advisory's procedure; the reason is what was found or done


class By(StrEnum):
    """Whose act it was."""

    AGENT = "agent"
    REPORTER = "reporter"
    GATEWAY = "gateway"


_VALUES: dict[EventType, type[StrEnum]] = {
    EventType.KIND: Kind,
    EventType.SEVERITY: Severity,
    EventType.STATUS: Status,
    EventType.LEVEL: Level,
}
_FREE = frozenset({EventType.ASSIGNED, EventType.CONTRACT, EventType.STEP})
FIRST: dict[EventType, str] = {
    EventType.KIND: Kind.ASSISTANCE.value,
    EventType.SEVERITY: "",
    EventType.LEVEL: Level.N1.value,
    EventType.STATUS: Status.NEW.value,
}
"""What a ticket is when it is created."""


@dataclass(frozen=True, kw_only=True)
class TicketEvent:
    """One thing that happened. `author` is an address, empty for the gateway; `reason` is in a person's words;
    `details` are what a kind of work asks for (`kinds.FIELDS`).

    Raises ValueError for a value that its type does not know, and for a moment without a zone.
    """

    type: EventType
    at: datetime
    by: By
    author: str = ""
    value: str = ""
    reason: str = ""
    details: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse an event that nothing could be computed from."""
        if self.at.tzinfo is None:
            raise ValueError("an event happens at a moment with a time zone")
        known = _VALUES.get(self.type)
        if known is None and self.type not in _FREE and self.value:
            raise ValueError(f"an event {self.type} has no value")
        if known is not None and not (self.type is EventType.SEVERITY and self.value == ""):
            known(self.value)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a ticket stands by its row: what its history must lead to."""

    created_at: datetime
    updated_at: datetime
    kind: Kind
    severity: Severity | None
    status: Status
    level: Level
    project: str = ""


def whole_history(events: Sequence[TicketEvent], standing: Standing) -> list[TicketEvent]:
    """The history in the order in which it happened, made whole where it was not kept.

    A ticket from before histories were kept has none, and something that keeps none may have changed it since. What
    the row says and no event does is then the gateway's own event, at the time that the row knows.
    """
    history = sorted(events, key=lambda event: event.at) or beginning(standing)
    if not any(event.type is EventType.CREATED for event in history):
        history.insert(0, TicketEvent(type=EventType.CREATED, at=standing.created_at, by=By.GATEWAY))
    last = {event.type: event.value for event in history}
    moment = max(standing.updated_at, history[-1].at)
    return history + _differences(standing, last, at=moment)


def with_contracts(history: Sequence[TicketEvent], versions: Sequence[tuple[datetime, str]]) -> list[TicketEvent]:
    """The history with the contracts of its time: (since when, terms as JSON), oldest first.

    The terms at the ticket's beginning are those of the version then in force, or of the first one that was kept.
    """
    if not versions:
        return list(history)
    begun = next(event.at for event in history if event.type is EventType.CREATED)
    before = [version for version in versions if version[0] <= begun] or [versions[0]]
    later = [version for version in versions if version[0] > begun and version not in before]
    events = [
        TicketEvent(type=EventType.CONTRACT, at=max(since, begun), by=By.GATEWAY, value=terms)
        for since, terms in ((begun, before[-1][1]), *later)
    ]
    first = [event for event in history if event.type is EventType.CREATED]
    rest = [event for event in history if event.type is not EventType.CREATED]
    return sorted([*first, *events, *rest], key=lambda event: event.at)


def beginning(standing: Standing) -> list[TicketEvent]:
    """The events by which a ticket without any came to stand as it does."""
    created = TicketEvent(type=EventType.CREATED, at=standing.created_at, by=By.GATEWAY)
    found = _differences(standing, {}, at=standing.created_at)
    moved = [replace(event, at=standing.updated_at) for event in found if event.type is EventType.STATUS]
    return [created, *(event for event in found if event.type is not EventType.STATUS), *moved]


def _differences(standing: Standing, last: Mapping[EventType, str], *, at: datetime) -> list[TicketEvent]:
    stands = {
        EventType.KIND: standing.kind.value,
        EventType.SEVERITY: standing.severity.value if standing.severity else "",
        EventType.LEVEL: standing.level.value,
        EventType.STATUS: standing.status.value,
    }
    return [
        TicketEvent(type=changed, at=at, by=By.GATEWAY, value=value)
        for changed, value in stands.items()
        if last.get(changed, FIRST[changed]) != value
    ]
