"""Finding people among very many: those of some projects, by a piece of their address or name, a page at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, func, or_, select

from gateway.db.participants import IS_ON, participants
from gateway.db.people import memberships, people
from gateway.db.tickets import tickets
from gateway.domain.ticket import Role


@dataclass(frozen=True, kw_only=True)
class PeopleFilter:
    """Whom is looked for: in one of these projects, with this role where one is given, with these `words` in address or
    name. `configured` are the (normalised) addresses that the configuration puts there, with that role."""

    projects: frozenset[str]
    role: Role | None = None
    words: str = ""
    configured: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Where a person is: the projects in which they have roles by the database, and those in which they
    reported something or are on a request."""

    roles: dict[str, frozenset[Role]]
    written: frozenset[str]


def list_people(connection: Connection, asked: PeopleFilter, *, limit: int, offset: int) -> list[Row[Any]]:
    """Rows of `people`, by address."""
    query = select(people).where(*_named(asked.words), _is_there(asked)).order_by(people.c.email)
    return list(connection.execute(query.limit(limit).offset(offset)))


def roles_of(connection: Connection, person_ids: Collection[int]) -> dict[int, dict[str, list[Role]]]:
    """The roles of these people by the database: person, project, roles."""
    query = select(memberships).where(memberships.c.person_id.in_(list(person_ids)))
    found: dict[int, dict[str, list[Role]]] = {}
    for row in connection.execute(query.order_by(memberships.c.project, memberships.c.role)):
        found.setdefault(row.person_id, {}).setdefault(row.project, []).append(Role(row.role))
    return found


def reach_of(connection: Connection, person_id: int) -> Reach:
    """Where this person is."""
    roles = roles_of(connection, [person_id]).get(person_id, {})
    reported = select(tickets.c.project).where(tickets.c.reporter_id == person_id)
    copied = (
        select(tickets.c.project)
        .join(participants, participants.c.ticket_id == tickets.c.id)
        .where(participants.c.person_id == person_id, IS_ON)
    )
    return Reach(
        roles={key: frozenset(names) for key, names in roles.items()},
        written=frozenset(connection.scalars(reported.union(copied))),
    )


def lock_person(connection: Connection, person_id: int) -> datetime | None:
    """Let nobody else change this person until the transaction ends; None where there is none."""
    # Not against rows that point here: whoever is changed may be writing into the audit log at this moment.
    query = select(people.c.created_at).where(people.c.id == person_id).with_for_update(key_share=True)
    return connection.execute(query).scalar_one_or_none()


def lock_supervisors(connection: Connection, project: str) -> frozenset[str]:
    """The addresses of a project's supervisors by the database; nobody else takes one away until the transaction
    ends."""
    rows = connection.execute(
        select(memberships.c.person_id)
        .where(memberships.c.project == project, memberships.c.role == Role.SUPERVISOR.value)
        .with_for_update()
    )
    ids = list(rows.scalars())
    return frozenset(connection.scalars(select(people.c.email).where(people.c.id.in_(ids))))


def _is_there(asked: PeopleFilter) -> ColumnElement[bool]:
    keys = sorted(asked.projects)
    theirs = [memberships.c.person_id == people.c.id, memberships.c.project.in_(keys)]
    if asked.role is not None:
        theirs.append(memberships.c.role == asked.role.value)
    ways: list[ColumnElement[bool]] = [exists().where(*theirs)]
    if asked.role is None:
        ways.append(exists().where(tickets.c.reporter_id == people.c.id, tickets.c.project.in_(keys)))
    if asked.configured:
        ways.append(people.c.email.in_(sorted(asked.configured)))
    return or_(*ways)


def _named(words: str) -> list[ColumnElement[bool]]:
    return [
        or_(
            people.c.email.contains(word, autoescape=True),
            func.lower(people.c.name).contains(word, autoescape=True),
        )
        for word in words.lower().split()[:5]
    ]
