"""Who may merge, split and link tickets, and say who is on one. Each `may_*` gives the reason why not, or None.

Whoever asks is known to see the tickets that are named (`rights.may_see`).
"""

from gateway.domain.levels import ROLE_OF, handing_fault
from gateway.domain.rights import ENDED, WORKED_ON, Actor, Place
from gateway.domain.ticket import Kind, Level, Role, Status


def may_merge(actor: Actor, place: Place, into: Place, *, reason: str) -> str | None:
    """Whether the person merges a ticket into another of the same project.

    - a merged ticket is not merged again, and nothing is merged into one at its end
    - preventive work follows its own procedure
    - an agent of the level that the merged ticket is before, or a supervisor
    - before another level only where they could hand it there: so nothing comes before N3 but by N2
    """
    checks = (
        (place.status is Status.MERGED, "it is merged already"),
        (
            into.status not in WORKED_ON,
            f"the other one is {into.status}" + (": reopen it first" if into.status in ENDED else ""),
        ),
        (
            Kind.PREVENTIVE in {place.kind, into.kind},
            "preventive work follows its own procedure and is merged with nothing",
        ),
        (
            not _is_its_agent(actor, place),
            f"it is before {place.level}, and only {place.level} or a supervisor merges it",
        ),
    )
    fault = next((sentence for is_fault, sentence in checks if is_fault), None)
    if fault is not None or place.level is into.level:
        return fault
    return handing_fault(place.level, into.level, kind=place.kind, roles=actor.roles, reason=reason)


def may_split(actor: Actor, place: Place) -> str | None:
    """Whether the person makes a ticket of its own out of entries: an agent of its level, or a supervisor."""
    if place.status is Status.MERGED:
        return "it is merged into another ticket"
    if not _is_its_agent(actor, place):
        return f"it is before {place.level}, and only {place.level} or a supervisor splits it"
    return None


def split_off(place: Place) -> tuple[Level, Kind]:
    """Where a ticket that is split off comes, and as which kind of work.

    - before the same level; what came out of one before N3 is before N2, who may hand it up
    - the same kind of work; what came out of preventive work is a request for help
    """
    level = Level.N2 if place.level is Level.N3 else place.level
    return level, Kind.ASSISTANCE if place.kind is Kind.PREVENTIVE else place.kind


def may_link(actor: Actor) -> str | None:
    """Whether the person notes that two tickets that they see have to do with each other: every agent."""
    return None if actor.is_agent else "only agents link tickets"


def may_change_people(actor: Actor, place: Place) -> str | None:
    """Whether the person says who else is on a ticket: its reporter, and every agent who sees it."""
    if place.status is Status.MERGED:
        return "it is merged into another ticket"
    return None if actor.is_agent or actor.is_reporter else "only its reporter and agents say who is on a ticket"


def _is_its_agent(actor: Actor, place: Place) -> bool:
    return bool(actor.roles & {ROLE_OF[place.level], Role.SUPERVISOR})
