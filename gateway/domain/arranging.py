"""Who may merge, split and link tickets, and say who is on one. Each `may_*` gives the reason why not, or None.

Whoever asks is known to see the tickets that are named (`rights.may_see`).
"""

from gateway.domain.levels import ROLE_OF, handing_fault
from gateway.domain.reasons import Reason, Why
from gateway.domain.rights import ENDED, WORKED_ON, Actor, Place
from gateway.domain.ticket import Kind, Level, Role, Status


def may_merge(actor: Actor, place: Place, into: Place, *, reason: str) -> Why | None:
    """Whether the person merges a ticket into another of the same project.

    - a merged ticket is not merged again, and nothing is merged into one at its end
    - preventive work follows its own procedure
    - an agent of the level that the merged ticket is before, or a supervisor
    - before another level only where they could hand it there: so nothing comes before N3 but by N2
    """
    checks = (
        (place.status is Status.MERGED, Reason.MERGED_ALREADY()),
        (
            into.status not in WORKED_ON,
            (Reason.OTHER_REOPEN_FIRST if into.status in ENDED else Reason.OTHER_IN_STATUS)(status=into.status),
        ),
        (Kind.PREVENTIVE in {place.kind, into.kind}, Reason.PREVENTIVE_ALONE()),
        (not _is_its_agent(actor, place), Reason.MERGED_BY(level=place.level)),
    )
    fault = next((why for is_fault, why in checks if is_fault), None)
    if fault is not None or place.level is into.level:
        return fault
    return handing_fault(place.level, into.level, kind=place.kind, roles=actor.roles, reason=reason)


def may_split(actor: Actor, place: Place) -> Why | None:
    """Whether the person makes a ticket of its own out of entries: an agent of its level, or a supervisor."""
    if place.status is Status.MERGED:
        return Reason.IS_MERGED()
    if not _is_its_agent(actor, place):
        return Reason.SPLIT_BY(level=place.level)
    return None


def split_off(place: Place) -> tuple[Level, Kind]:
    """Where a ticket that is split off comes, and as which kind of work.

    - before the same level; what came out of one before N3 is before N2, who may hand it up
    - the same kind of work; what came out of preventive work is a request for help
    """
    level = Level.N2 if place.level is Level.N3 else place.level
    return level, Kind.ASSISTANCE if place.kind is Kind.PREVENTIVE else place.kind


def may_link(actor: Actor) -> Why | None:
    """Whether the person notes that two tickets that they see have to do with each other: every agent."""
    return None if actor.is_agent else Reason.LINKED_BY_AGENTS()


def may_change_people(actor: Actor, place: Place) -> Why | None:
    """Whether the person says who else is on a ticket: its reporter, and every agent who sees it."""
    if place.status is Status.MERGED:
        return Reason.IS_MERGED()
    return None if actor.is_agent or actor.is_reporter else Reason.PEOPLE_SAID_BY()


def _is_its_agent(actor: Actor, place: Place) -> bool:
    return bool(actor.roles & {ROLE_OF[place.level], Role.SUPERVISOR})
