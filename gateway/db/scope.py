"""Whose eyes a query has: the tickets and the notes that a person sees, as conditions in SQL.

The same rules as `domain.rights`, for many tickets at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select, true

from gateway.db.joint_reporters import reported_jointly
from gateway.db.people import people
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import entries, tickets
from gateway.domain.events import EventType
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
    conditions += [_at_levels(project, levels) for project, levels in sorted(scope.levels.items()) if levels]
    return conditions


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


def _at_levels(project: str, levels: frozenset[Level]) -> ColumnElement[bool]:
    values: list[Any] = sorted(levels)
    was = select(ticket_events.c.id).where(
        ticket_events.c.ticket_id == tickets.c.id,
        ticket_events.c.type == EventType.LEVEL,
        ticket_events.c.value.in_(values),
    )
    return (tickets.c.project == project) & or_(tickets.c.level.in_(values), was.exists())
