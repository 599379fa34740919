"""Who may see a ticket and who may do what with it. Each `may_*` gives the reason why not, or None.

The answer depends on values alone: what a person is in the project, and where the ticket stands and has been. No
predicate says yes to a role that it does not name.
"""

from dataclasses import dataclass

from gateway.domain.contract import Contract
from gateway.domain.levels import ROLE_OF, handing_fault
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


def may_see(actor: Actor, place: Place) -> str | None:
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
        return f"it is before {place.level}, and was never before a level of theirs"
    return "there is no such ticket for this person"


def may_read_notes(actor: Actor, note_level: Level) -> str | None:
    """Whether the person reads internal notes that were written while the ticket was before `note_level`.

    - notes of N1: every agent who sees the ticket
    - notes of N2 and N3: N2, N3 and supervisors; N1 is usually the customer's own
    - reporters: none
    """
    readers = STAFF if note_level is Level.N1 else STAFF - {Role.N1}
    return None if actor.roles & readers else "internal notes are for the agents of these levels"


def may_note(actor: Actor, place: Place) -> str | None:
    """Whether the person writes internal notes: every agent who sees the ticket."""
    if not actor.is_agent:
        return "only agents write internal notes"
    return may_see(actor, place)


def may_work(actor: Actor, place: Place) -> str | None:
    """Whether the person works on the ticket now: answers, assigns, sets its severity and kind.

    - an agent of the level that it is before, or a supervisor
    - while it is worked on: a ticket at its end is reopened first
    """
    if not actor.roles & {ROLE_OF[place.level], Role.SUPERVISOR}:
        return f"it is before {place.level}, and only {place.level} or a supervisor works on it"
    if place.status not in WORKED_ON:
        return f"it is {place.status}" + (": reopen it first" if place.status in ENDED else "")
    return None


def may_set_severity(actor: Actor, place: Place, contract: Contract) -> str | None:
    """Whether the person sets a severity: who works on it, on a kind of work that carries one."""
    if not contract.carries_severity(place.kind):
        return f"{place.kind} work carries no severity under this contract"
    return may_work(actor, place)


def may_set_kind(actor: Actor, place: Place, kind: Kind) -> str | None:
    """Whether the person makes it another kind of work.

    - who works on it
    - what is before N3 stays corrective until it is handed back
    - preventive work begins with an advisory, and stays preventive
    """
    if place.level is Level.N3 and kind is not Kind.CORRECTIVE:
        return "before N3 are only software anomalies (corrective): hand it back first"
    if (kind is Kind.PREVENTIVE) != (place.kind is Kind.PREVENTIVE):
        return "preventive work follows its own procedure: it begins with an advisory"
    return may_work(actor, place)


def may_set_status(actor: Actor, place: Place, status: Status) -> str | None:
    """Whether the person moves it to this status.

    - nobody sets `new` or `merged` by hand, and a merged ticket moves no more
    - an agent of its level or a supervisor: everything else
    - its reporter: to `resolved` or `closed`, and back to `open` from there
    - preventive work ends by the steps of its procedure
    """
    by_its_agent = bool(actor.roles & {ROLE_OF[place.level], Role.SUPERVISOR})
    by_its_reporter = actor.is_reporter and (status in ENDED or (status is Status.OPEN and place.status in ENDED))
    checks = (
        (status in {Status.NEW, Status.MERGED}, f"a ticket is not set to {status} by hand"),
        (place.status is Status.MERGED, "it is merged into another ticket"),
        (place.status is status, f"it is already {status}"),
        (place.status in ENDED and status is Status.PENDING, "it is at its end: reopen it first"),
        (place.in_procedure and status in ENDED, "preventive work ends by the steps of its advisory"),
        (
            not by_its_agent and not by_its_reporter,
            f"it is before {place.level}, and only {place.level} or a supervisor sets its status",
        ),
    )
    return next((sentence for is_fault, sentence in checks if is_fault), None)


def may_hand(actor: Actor, place: Place, to_level: Level, *, reason: str) -> str | None:
    """Whether the person hands it to another level: as `levels.handing_fault` says, and only while it is worked on."""
    if place.status not in WORKED_ON:
        return f"it is {place.status}" + (": reopen it first" if place.status in ENDED else "")
    return handing_fault(place.level, to_level, kind=place.kind, roles=actor.roles, reason=reason)


def may_assign(actor: Actor, place: Place, assignee_roles: frozenset[Role]) -> str | None:
    """Whether the person gives it to somebody: who works on it, to an agent of its level or a supervisor."""
    if not assignee_roles & {ROLE_OF[place.level], Role.SUPERVISOR}:
        return f"whoever has it must be an agent of {place.level}"
    return may_work(actor, place)
