"""The two clocks of a ticket, GTI and GTR, as a pure function of its history.

Nothing is a counter: a clock keeps the spans during which it ran, so that another severity, contract or calendar
measures the same past anew. The rules:

- both begin when the ticket is created, and anew when it is reopened; the old ones stay in the record
- both pause while the ticket waits for its reporter (`pending`)
- GTI is met by an agent's act: an answer to the reporter, taking the ticket in hand (assigning it to oneself or moving
  its status), an answered call, a workaround; never by an acknowledgement
- GTR is met when the ticket is resolved, or when an agent declares a workaround
- closing or merging a ticket ends what was not met
- a clock that stopped is judged by the terms in force at that moment; where none were yet (nobody had set a severity),
  by the first that come
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Self

from gateway.domain.contract import Contract, Guarantees, contract_from_json
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.ticket import Kind, Severity, Status

_ENDED = frozenset({Status.RESOLVED, Status.CLOSED, Status.MERGED})
_TAKEN_BY = {
    EventType.ANSWERED: "an answer",
    EventType.CALL_ANSWERED: "an answered call",
    EventType.WORKAROUND: "a workaround",
}
_WORKED_ON = frozenset({Status.NEW, Status.OPEN, Status.PENDING})


class Guarantee(StrEnum):
    """Which of the two times."""

    GTI = "GTI"
    GTR = "GTR"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One clock. `spans` are over; `running_since` is None while it pauses and once it has stopped.

    `judged_by` are the terms in force when it stopped, None until then; `met` tells a clock that was met from one that
    merely ended; `how` says by what it stopped.
    """

    guarantee: Guarantee
    started_at: datetime
    spans: tuple[tuple[datetime, datetime], ...] = ()
    running_since: datetime | None = None
    stopped_at: datetime | None = None
    met: bool = False
    how: str = ""
    severity: Severity | None = None
    judged_by: Guarantees | None = None

    def paused(self, at: datetime) -> Self:
        """The clock from `at` on, while it waits. Pausing a clock that does not run changes nothing."""
        if self.running_since is None:
            return self
        spans = self.spans if at <= self.running_since else (*self.spans, (self.running_since, at))
        return replace(self, spans=spans, running_since=None)

    def resumed(self, at: datetime) -> Self:
        """The clock from `at` on, running."""
        return self if self.stopped_at or self.running_since else replace(self, running_since=at)

    def stopped(self, at: datetime, *, met: bool, how: str) -> Self:
        """The clock stopped for good. The first stop counts."""
        return self if self.stopped_at else replace(self.paused(at), stopped_at=at, met=met, how=how)


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """The clocks of a ticket, and what they are computed from. `past` are those from before it was reopened."""

    contract: Contract
    kind: Kind = Kind.ASSISTANCE
    severity: Severity | None = None
    status: Status = Status.NEW
    current: tuple[Clock, ...] = ()
    past: tuple[Clock, ...] = ()

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """Every clock there ever was, oldest first."""
        return (*self.past, *self.current)

    @property
    def terms(self) -> Guarantees | None:
        """What is promised now."""
        return self.contract.guarantees_for(self.kind, self.severity)


def fold(events: Iterable[TicketEvent], *, contract: Contract) -> Clocks:
    """The clocks that a history leads to. `contract` holds until an event says otherwise; events are in order."""
    clocks = Clocks(contract=contract)
    for event in events:
        clocks = apply(clocks, event)
    return clocks


def apply(clocks: Clocks, event: TicketEvent) -> Clocks:
    """The clocks after one more event."""
    match event.type:
        case EventType.CREATED:
            changed = replace(clocks, current=_begun(event.at))
        case EventType.KIND:
            changed = replace(clocks, kind=Kind(event.value))
        case EventType.SEVERITY:
            changed = replace(clocks, severity=Severity(event.value) if event.value else None)
        case EventType.CONTRACT:
            changed = replace(clocks, contract=_contract(event.value))
        case EventType.STATUS:
            changed = _moved(clocks, event)
        case _:
            changed = _acted(clocks, event)
    return _judged(changed)


def _acted(clocks: Clocks, event: TicketEvent) -> Clocks:
    how = _taken_in_hand(event)
    acted = _stop(clocks, event, Guarantee.GTI, how=how) if how else clocks
    restored = how and event.type is EventType.WORKAROUND
    return _stop(acted, event, Guarantee.GTR, how=how) if restored else acted


def _taken_in_hand(event: TicketEvent) -> str:
    """How this event takes a ticket in hand; empty where it does not."""
    if event.by is not By.AGENT:
        return ""
    if event.type is EventType.STATUS:
        return f"being set to {event.value} by an agent"
    if event.type is EventType.ASSIGNED:
        return "being taken in hand" if event.value and event.value == event.author else ""
    return _TAKEN_BY.get(event.type, "")


def _moved(clocks: Clocks, event: TicketEvent) -> Clocks:
    status = Status(event.value)
    moved = replace(clocks, status=status)
    if clocks.status in _ENDED and status in _WORKED_ON:
        moved = replace(moved, current=_begun(event.at), past=(*clocks.past, *clocks.current))
    if how := _taken_in_hand(event):
        moved = _stop(moved, event, Guarantee.GTI, how=how)
    if status is Status.RESOLVED:
        moved = _stop(moved, event, Guarantee.GTR, how="being resolved")
    if status in _ENDED:
        moved = _each(moved, lambda clock: clock.stopped(event.at, met=False, how=f"the ticket being {status}"))
    elif status is Status.PENDING:
        moved = _each(moved, lambda clock: clock.paused(event.at))
    else:
        moved = _each(moved, lambda clock: clock.resumed(event.at))
    return moved


@lru_cache(maxsize=256)
def _contract(terms: str) -> Contract:
    return contract_from_json(json.loads(terms))


def _begun(at: datetime) -> tuple[Clock, ...]:
    return tuple(Clock(guarantee=guarantee, started_at=at, running_since=at) for guarantee in Guarantee)


def _stop(clocks: Clocks, event: TicketEvent, guarantee: Guarantee, *, how: str) -> Clocks:
    return _each(
        clocks, lambda clock: clock.stopped(event.at, met=True, how=how) if clock.guarantee is guarantee else clock
    )


def _judged(clocks: Clocks) -> Clocks:
    terms = clocks.terms
    if terms is None:
        return clocks

    def judge(clock: Clock) -> Clock:
        waits = clock.stopped_at is not None and promised(clock.judged_by, clock.guarantee) is None
        return replace(clock, judged_by=terms, severity=clocks.severity) if waits else clock

    return _each(clocks, judge)


def _each(clocks: Clocks, change: Callable[[Clock], Clock]) -> Clocks:
    return replace(clocks, current=tuple(change(clock) for clock in clocks.current))


def promised(terms: Guarantees | None, guarantee: Guarantee) -> timedelta | None:
    """The time that the terms give; None where they promise none."""
    if terms is None:
        return None
    return terms.gti if guarantee is Guarantee.GTI else terms.gtr
