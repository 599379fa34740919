"""Whose eyes a query has: the tickets and the notes that a person sees, as conditions in SQL.

The same rules as `domain.rights`, for many tickets at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, text, true, union

from gateway.db.joint_reporters import reported_jointly
from gateway.db.people import people
from gateway.db.report_indices import IS_LEVEL
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import entries, tickets
from gateway.domain.ticket import EntryType, Level


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a person sees: a ticket for which any of these says so.

    `reporter_id` is the person whose own requests are seen, and those that theirs were merged into. `organisations` are
    mail domains by project: requests of everybody there are seen. `projects` are seen as a whole, in `levels` by
    project what is before one of them or was. `notes` are the projects whose internal notes are read, `deep_notes`
    those where N2's and N3's are read too.
    """

    reporter_id: int | None = None
    organisations: Mapping[str, str] = field(default_factory=dict)
    projects: frozenset[str] = frozenset()
    levels: Mapping[str, frozenset[Level]] = field(default_factory=dict)
    notes: frozenset[str] = frozenset()
    deep_notes: frozenset[str] = frozenset()


def sees_ticket(scope: Scope) -> ColumnElement[bool]:
    """True in SQL for a row of `tickets` in the scope; for none where the scope is empty."""
    return or_(false(), *ways_to_see(scope))


def ways_to_see(scope: Scope) -> list[ColumnElement[bool]]:
    """The conditions of which each lets a row of `tickets` be seen; where they stand apart, each finds its index."""
    conditions: list[ColumnElement[bool]] = []
    if scope.reporter_id is not None:
        conditions += [tickets.c.reporter_id == scope.reporter_id, reported_jointly(scope.reporter_id)]
    if scope.projects:
        conditions.append(tickets.c.project.in_(sorted(scope.projects)))
    conditions += [_of_organisation(project, domain) for project, domain in sorted(scope.organisations.items())]
    for levels in sorted(set(scope.levels.values()) - {frozenset()}, key=sorted):
        conditions.append(_at_levels(sorted(key for key in scope.levels if scope.levels[key] == levels), levels))
    return conditions


def newest_first(scope: Scope, *, limit: int, offset: int = 0) -> Select[tuple[int]]:
    """The ids of the tickets of the scope, the one that moved last first.

    Somebody may see tens of thousands: which come first is found in an index alone, for each way to see a ticket by
    itself.
    """
    order = (tickets.c.updated_at.desc(), tickets.c.id.desc())
    ways = [
        select(tickets.c.id, tickets.c.updated_at).where(way).order_by(*order).limit(offset + limit).subquery()
        for way in ways_to_see(scope)
    ]
    if not ways:
        return select(tickets.c.id).where(false())
    seen = union(*(select(way.c.id, way.c.updated_at) for way in ways)).subquery()
    return select(seen.c.id).order_by(seen.c.updated_at.desc(), seen.c.id.desc()).limit(limit).offset(offset)


def reads_entry(scope: Scope) -> ColumnElement[bool]:
    """True in SQL for a row of `entries` that the person reads, where they see its ticket.

    What the reporter sees everybody does; notes of N1 whoever reads the project's notes; everything else whoever
    reads those of N2 and N3.
    """
    own_level = entries.c.data["level"].as_string()
    of_n1 = (entries.c.type == EntryType.NOTE) & (func.coalesce(own_level, "") == Level.N1.value)
    readers = ((true(), scope.deep_notes), (of_n1, scope.notes - scope.deep_notes))
    return or_(
        entries.c.visible,
        *(condition & tickets.c.project.in_(sorted(projects)) for condition, projects in readers if projects),
    )


def _of_organisation(project: str, domain: str) -> ColumnElement[bool]:
    colleagues = select(people.c.id).where(people.c.email.endswith(f"@{domain}", autoescape=True))
    return (tickets.c.project == project) & tickets.c.reporter_id.in_(colleagues)


def _at_levels(projects: Sequence[str], levels: frozenset[Level]) -> ColumnElement[bool]:
    values: list[Any] = sorted(levels)
    was = select(ticket_events.c.id).where(
        ticket_events.c.ticket_id == tickets.c.id, text(IS_LEVEL), ticket_events.c.value.in_(values)
    )
    return tickets.c.project.in_(projects) & or_(tickets.c.level.in_(values), was.exists())
