"""An act on a ticket, checked and turned into events: what the command line, the desk and a page all go through.

Everything that is asked for happens, or nothing does. Each step is checked against the ticket as the steps before
leave it, so that one act can make an incident of a question, set its severity and hand it over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.domain.contract import Contract
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.kinds import detail_faults
from gateway.domain.levels import ROLE_OF
from gateway.domain.reasons import Reason, Why
from gateway.domain.rights import (
    ENDED,
    WORKED_ON,
    Actor,
    Place,
    may_assign,
    may_hand,
    may_note,
    may_see,
    may_set_kind,
    may_set_severity,
    may_set_status,
    may_work,
)
from gateway.domain.ticket import Kind, Level, Role, Severity, Status
from gateway.errors import NotFound, Refused

HANDED_UP = "this level could not answer"


class NotAllowed(Refused):
    """The rules of the contract do not let this person do this now. The text says why, for that person."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What somebody asks for. None and empty text leave a thing as it is; an empty `assignee` takes it from whoever
    has it.

    `reply` goes to the reporter; so does `workaround`, which also says that service is restored. `note` stays inside.
    """

    kind: Kind | None = None
    details: tuple[tuple[str, str], ...] = ()
    severity: Severity | None = None
    status: Status | None = None
    level: Level | None = None
    assignee: str | None = None
    reply: str = ""
    workaround: str = ""
    note: str = ""
    reason: str = ""

    @property
    def summary(self) -> str:
        """What is asked for, by name and without anybody's words: for traces."""
        return ", ".join(name for name in self.__dataclass_fields__ if getattr(self, name))


@dataclass(frozen=True, kw_only=True)
class Doer:
    """Who does it, when, and what they are to this ticket."""

    email: str
    actor: Actor
    at: datetime


@dataclass(kw_only=True)
class _Draft:
    """The ticket as the steps so far leave it, the events they are, and why others may not be."""

    place: Place
    doer: Doer
    reason: str
    events: list[TicketEvent] = field(default_factory=list)
    faults: list[Why] = field(default_factory=list)

    def step(self, fault: Why | None, kind: EventType, value: str = "", **more: object) -> bool:
        """Take one step, or keep why it may not be. True when it was taken."""
        if fault is not None:
            self.faults.append(fault)
            return False
        by = acts_as(self.doer.actor, self.place)
        values = {"reason": self.reason, **more}
        self.events.append(
            # The fields come by name.
            TicketEvent(type=kind, at=self.doer.at, by=by, author=self.doer.email, value=value, **values)  # type: ignore[arg-type]
        )
        return True


def plan_change(
    change: Change,
    *,
    place: Place,
    assignee: str,
    doer: Doer,
    contract: Contract,
    assignee_roles: frozenset[Role] = frozenset(),
) -> Sequence[TicketEvent]:
    """The events that the change is; none for a mere note. `assignee` is who has the ticket now.

    Raises NotAllowed with every reason, also where nothing would change; NotFound for whom there is no such ticket.
    """
    if hidden := may_see(doer.actor, place):
        raise NotAllowed(hidden) if doer.actor.is_agent else NotFound(hidden)
    draft = _Draft(place=place, doer=doer, reason=change.reason.strip())
    reopens = place.status in ENDED and change.status in WORKED_ON
    if reopens:
        _set_status(draft, change)
    _set_kind(draft, change)
    _set_severity(draft, change, contract)
    _assign(draft, change, assignee=assignee, roles=assignee_roles)
    _speak(draft, change)
    if change.note.strip() and (fault := may_note(doer.actor, place)):
        draft.faults.append(fault)
    if not reopens:
        _set_status(draft, change)
    _hand(draft, change, assignee=assignee)
    if draft.faults:
        raise NotAllowed(*dict.fromkeys(draft.faults))
    if not draft.events and not change.note.strip():
        raise NotAllowed(Reason.NOTHING_CHANGES())
    return draft.events


def acts_as(actor: Actor, place: Place) -> By:
    """As what the person acts: an agent of the ticket's level or a supervisor does, anybody else as a reporter."""
    return By.AGENT if actor.roles & {ROLE_OF[place.level], Role.SUPERVISOR} else By.REPORTER


def _set_kind(draft: _Draft, change: Change) -> None:
    kind = change.kind or draft.place.kind
    if kind is draft.place.kind and not change.details:
        return
    draft.faults += detail_faults(kind, dict(change.details))
    if draft.step(may_set_kind(draft.doer.actor, draft.place, kind), EventType.KIND, kind, details=change.details):
        draft.place = replace(draft.place, kind=kind)


def _set_severity(draft: _Draft, change: Change, contract: Contract) -> None:
    if change.severity is None:
        # Another kind of work leaves its severity behind.
        if draft.place.severity is not None and not contract.carries_severity(draft.place.kind):
            draft.step(None, EventType.SEVERITY, "")
            draft.place = replace(draft.place, severity=None)
        return
    if draft.place.kind is Kind.ASSISTANCE and change.kind is None and not contract.carries_severity(Kind.ASSISTANCE):
        # A request that is given a severity is thereby an incident.
        _set_kind(draft, Change(kind=Kind.CORRECTIVE))
        if draft.faults:
            return
    if change.severity is draft.place.severity and contract.carries_severity(draft.place.kind):
        return
    fault = may_set_severity(draft.doer.actor, draft.place, contract)
    if draft.step(fault, EventType.SEVERITY, change.severity):
        draft.place = replace(draft.place, severity=change.severity)


def _assign(draft: _Draft, change: Change, *, assignee: str, roles: frozenset[Role]) -> None:
    if change.assignee is None or change.assignee == assignee:
        return
    actor, place = draft.doer.actor, draft.place
    fault = may_assign(actor, place, roles) if change.assignee else may_work(actor, place)
    if draft.step(fault, EventType.ASSIGNED, change.assignee) and change.assignee == draft.doer.email:
        _open(draft, change)


def _speak(draft: _Draft, change: Change) -> None:
    fault = may_work(draft.doer.actor, draft.place)
    for text, kind in ((change.reply, EventType.ANSWERED), (change.workaround, EventType.WORKAROUND)):
        if text.strip() and draft.step(fault, kind):
            _open(draft, change)


def _open(draft: _Draft, change: Change) -> None:
    """A new ticket that an agent takes in hand is open, unless the same act says more."""
    if draft.place.status is Status.NEW and change.status is None:
        draft.step(None, EventType.STATUS, Status.OPEN)
        draft.place = replace(draft.place, status=Status.OPEN)


def _set_status(draft: _Draft, change: Change) -> None:
    if change.status is None or change.status is draft.place.status:
        return
    fault = may_set_status(draft.doer.actor, draft.place, change.status)
    if draft.step(fault, EventType.STATUS, change.status):
        draft.place = replace(draft.place, status=change.status)


def _hand(draft: _Draft, change: Change, *, assignee: str) -> None:
    level = change.level
    if level is None or level is draft.place.level:
        return
    words = draft.reason or change.note.strip() or change.reply.strip()
    fault = may_hand(draft.doer.actor, draft.place, level, reason=words)
    if not draft.step(fault, EventType.LEVEL, level, reason=words or HANDED_UP):
        return
    if change.assignee is None and assignee:
        draft.step(None, EventType.ASSIGNED, "")  # the new level takes it in hand itself
    draft.place = replace(draft.place, level=level, been=draft.place.been | {level})
