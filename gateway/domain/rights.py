"""Who may see a ticket and who may do what with it. Each `may_*` gives the reason why not, or None.

The answer depends on values alone: what a person is in the project, and where the ticket stands and has been. No
predicate says yes to a role that it does not name.
"""

from dataclasses import dataclass

from gateway.domain.contract import Contract
from gateway.domain.levels import ROLE_OF, handing_fault
from gateway.domain.reasons import Reason, Why
from gateway.domain.ticket import STAFF, Kind, Level, Role, Severity, Status

WORKED_ON = frozenset({Status.NEW, Status.OPEN, Status.PENDING})
ENDED = frozenset({Status.RESOLVED, Status.CLOSED})


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person as this ticket sees them: their roles in its project, and whether it is theirs.

    `is_colleague` is true for somebody of the reporter's organisation, where the contract lets them see.
    """

    roles: frozenset[Role]
    is_reporter: bool = False
    is_colleague: bool = False

    @property
    def is_agent(self) -> bool:
        """True for somebody who works for the project, at whatever level."""
        return bool(self.roles & STAFF)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a ticket stands, and every level that it has been before.

    `in_procedure` is true for preventive work whose steps (`advisory.py`) are not all taken.
    """

    kind: Kind
    severity: Severity | None
    status: Status
    level: Level
    been: frozenset[Level]
    in_procedure: bool = False


def may_see(actor: Actor, place: Place) -> Why | None:
    """Whether the person sees that the ticket exists.

    - its reporter, and their organisation where the contract says so
    - the N1 team and supervisors: every ticket of the project
    - N2 and N3: what is before them or was
    """
    if actor.is_reporter or actor.is_colleague or actor.roles & {Role.N1, Role.SUPERVISOR}:
        return None
    if any(ROLE_OF[level] in actor.roles for level in {place.level, *place.been}):
        return None
    if actor.is_agent:
        return Reason.NEVER_BEFORE_THEIRS(level=place.level)
    return Reason.NO_TICKET_FOR_THEM()


def not_worked_on(status: Status) -> Why:
    """Why nobody works on what has this status."""
    return Reason.REOPEN_FIRST(status=status) if status in ENDED else Reason.IS_IN_STATUS(status=status)


def may_read_notes(actor: Actor, note_level: Level) -> Why | None:
    """Whether the person reads internal notes that were written while the ticket was before `note_level`.

    - notes of N1: every agent who sees the ticket
    - notes of N2 and N3: N2, N3 and supervisors; N1 is usually the customer's own
    - reporters: none
    """
    readers = STAFF if note_level is Level.N1 else STAFF - {Role.N1}
    return None if actor.roles & readers else Reason.NOTES_OF_LEVELS()


def may_note(actor: Actor, place: Place) -> Why | None:
    """Whether the person writes internal notes: every agent who sees the ticket."""
    if not actor.is_agent:
        return Reason.NOTES_BY_AGENTS()
    return may_see(actor, place)


def may_work(actor: Actor, place: Place) -> Why | None:
    """Whether the person works on the ticket now: answers, assigns, sets its severity and kind.

    - an agent of the level that it is before, or a supervisor
    - while it is worked on: a ticket at its end is reopened first
    """
    if not actor.roles & {ROLE_OF[place.level], Role.SUPERVISOR}:
        return Reason.WORKED_ON_BY(level=place.level)
    if place.status not in WORKED_ON:
        return not_worked_on(place.status)
    return None


def may_set_severity(actor: Actor, place: Place, contract: Contract) -> Why | None:
    """Whether the person sets a severity: who works on it, on a kind of work that carries one."""
    if not contract.carries_severity(place.kind):
        return Reason.NO_SEVERITY(kind=place.kind)
    return may_work(actor, place)


def may_set_kind(actor: Actor, place: Place, kind: Kind) -> Why | None:
    """Whether the person makes it another kind of work.

    - who works on it
    - what is before N3 stays corrective until it is handed back
    - preventive work begins with an advisory, and stays preventive
    """
    if place.level is Level.N3 and kind is not Kind.CORRECTIVE:
        return Reason.N3_ONLY_ANOMALIES()
    if (kind is Kind.PREVENTIVE) != (place.kind is Kind.PREVENTIVE):
        return Reason.PREVENTIVE_BY_ADVISORY()
    return may_work(actor, place)


def may_set_status(actor: Actor, place: Place, status: Status) -> Why | None:
    """Whether the person moves it to this status.

    - nobody sets `new` or `merged` by hand, and a merged ticket moves no more
    - an agent of its level or a supervisor: everything else
    - its reporter: to `resolved` or `closed`, and back to `open` from there
    - preventive work ends by the steps of its procedure
    """
    by_its_agent = bool(actor.roles & {ROLE_OF[place.level], Role.SUPERVISOR})
    by_its_reporter = actor.is_reporter and (status in ENDED or (status is Status.OPEN and place.status in ENDED))
    checks = (
        (status in {Status.NEW, Status.MERGED}, Reason.NOT_BY_HAND(status=status)),
        (place.status is Status.MERGED, Reason.IS_MERGED()),
        (place.status is status, Reason.ALREADY_IN_STATUS(status=status)),
        (place.status in ENDED and status is Status.PENDING, Reason.AT_ITS_END()),
        (place.in_procedure and status in ENDED, Reason.PREVENTIVE_BY_STEPS()),
        (not by_its_agent and not by_its_reporter, Reason.STATUS_SET_BY(level=place.level)),
    )
    return next((why for is_fault, why in checks if is_fault), None)


def may_hand(actor: Actor, place: Place, to_level: Level, *, reason: str) -> Why | None:
    """Whether the person hands it to another level: as `levels.handing_fault` says, and only while it is worked on."""
    if place.status not in WORKED_ON:
        return not_worked_on(place.status)
    return handing_fault(place.level, to_level, kind=place.kind, roles=actor.roles, reason=reason)


def may_assign(actor: Actor, place: Place, assignee_roles: frozenset[Role]) -> Why | None:
    """Whether the person gives it to somebody: who works on it, to an agent of its level or a supervisor."""
    if not assignee_roles & {ROLE_OF[place.level], Role.SUPERVISOR}:
        return Reason.ASSIGNEE_OF_LEVEL(level=place.level)
    return may_work(actor, place)
