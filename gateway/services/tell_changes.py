"""From events to what is said about them: to the reporter what they may know, to agents who handed what and why."""

from collections.abc import Sequence
from typing import Any

from gateway.domain.clock_reading import ClockState
from gateway.domain.clocks import Guarantee
from gateway.domain.events import EventType, TicketEvent
from gateway.domain.rights import ENDED, WORKED_ON
from gateway.domain.telling import Happening
from gateway.domain.ticket import Language, Status
from gateway.notify.agent_wording import TOLD_INSIDE, agent_line
from gateway.notify.kind_wording import field_values
from gateway.notify.wording import Told
from gateway.services.ticket_clocks import TicketClocks

_PLAIN = frozenset({EventType.KIND, EventType.LEVEL, EventType.SEVERITY})


def told_to_reporter(events: Sequence[TicketEvent], *, was: Status, clocks: TicketClocks) -> list[Told]:
    """What the reporter is told about the events, in order; an answer speaks for itself.

    After a severity come the times that are guaranteed from now on and not yet met.
    """
    told: list[Told] = []
    for event in events:
        at = event.at.isoformat()
        if event.type in _PLAIN:
            details = field_values(dict(event.details))
            told.append({"what": event.type.value, "value": event.value, "at": at, **details})
        elif event.type is EventType.WORKAROUND:
            told.append({"what": "workaround", "value": "", "at": at})
        elif event.type is EventType.STATUS:
            reopened = was in ENDED and Status(event.value) in WORKED_ON
            told.append({"what": "reopened" if reopened else "status", "value": event.value, "at": at})
            was = Status(event.value)
    if any(event.type is EventType.SEVERITY for event in events):
        told += _guaranteed(clocks)
    return told


def reason_lines(events: Sequence[TicketEvent], *, lang: Language) -> list[str]:
    """One line for agents for each event that has a reason, and for each that hands the ticket on."""
    return [agent_line(event, lang=lang) for event in _told_inside(events)]


def _told_inside(events: Sequence[TicketEvent]) -> list[TicketEvent]:
    return [
        event
        for event in events
        if event.type in TOLD_INSIDE and event.value and (event.reason or event.type is EventType.ASSIGNED)
    ]


def told_to_agents(events: Sequence[TicketEvent]) -> dict[str, Any]:
    """What agents are told of the events, for the entry's data: to which level it was handed, or that it was given; and
    the events that `reason_lines` says, to be said again in the language of whoever reads."""
    kept = [
        {"type": event.type.value, "value": event.value, "details": list(event.details), "reason": event.reason}
        for event in _told_inside(events)
    ]
    return _headline(events) | {"events": kept}


def _headline(events: Sequence[TicketEvent]) -> dict[str, Any]:
    found = {event.type: event for event in events if event.value}
    for kind, happening in ((EventType.LEVEL, Happening.HANDED), (EventType.ASSIGNED, Happening.ASSIGNED)):
        if event := found.get(kind):
            return {"happening": happening.value, "value": event.value, "reason": event.reason}
    return {}


def _guaranteed(clocks: TicketClocks) -> list[Told]:
    readings = (clocks.reading(guarantee) for guarantee in Guarantee)
    return [
        {"what": reading.clock.guarantee.value, "value": "", "at": reading.due.isoformat()}
        for reading in readings
        if reading.state is ClockState.RUNNING and reading.due is not None
    ]
