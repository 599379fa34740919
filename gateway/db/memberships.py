"""Who has which role in which project, for whoever looks after people."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from gateway.db.people import Person, find_person, memberships, people
from gateway.domain.ticket import Role

Roles = dict[str, list[Role]]


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody with their roles by project key, as the database has them."""

    person: Person
    roles: Roles


def list_members(connection: Connection, *, project: str | None = None, role: Role | None = None) -> list[Member]:
    """Everybody with a role, by address; of this project, with this role, where they are given."""
    emails: dict[str, Roles] = {}
    query = (
        select(people.c.email, memberships.c.project, memberships.c.role)
        .join(memberships, memberships.c.person_id == people.c.id)
        .order_by(people.c.email, memberships.c.project, memberships.c.role)
    )
    for email, key, name in connection.execute(query):
        emails.setdefault(email, {}).setdefault(key, []).append(Role(name))
    return [
        member(connection, email)
        for email, roles in emails.items()
        if any(project in {None, key} and (role is None or role in names) for key, names in roles.items())
    ]


def member(connection: Connection, email: str) -> Member:
    """The person with this address, with their roles. Raises LookupError for somebody whom nobody knows."""
    person = find_person(connection, email=email)
    if person is None:
        raise LookupError(email)
    query = select(memberships.c.project, memberships.c.role).where(memberships.c.person_id == person.id)
    roles: Roles = {}
    for key, name in connection.execute(query.order_by(memberships.c.project, memberships.c.role)):
        roles.setdefault(key, []).append(Role(name))
    return Member(person=person, roles=roles)


def remove_roles(connection: Connection, person_id: int, *, project: str, roles: Iterable[Role]) -> int:
    """Take roles in a project away from somebody; how many they had of these."""
    theirs = (memberships.c.person_id == person_id, memberships.c.project == project)
    return connection.execute(delete(memberships).where(*theirs, memberships.c.role.in_(list(roles)))).rowcount


def forget_phone(connection: Connection, person_id: int) -> None:
    """Keep no number of theirs any more."""
    connection.execute(update(people).where(people.c.id == person_id).values(phone=None))
