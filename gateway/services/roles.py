"""What a person is in a project: by the database and by the configured teams."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from gateway.db.joint_reporters import is_joint_reporter
from gateway.db.people import find_person, find_roles, find_roles_by_project
from gateway.db.tickets import Ticket
from gateway.domain.project import Project
from gateway.domain.rights import Actor
from gateway.domain.ticket import STAFF, Role
from gateway.mail.address import domain_of


def roles_in(connection: Connection, project: Project, email: str) -> frozenset[Role]:
    """The roles of the person with this (normalised) address."""
    return find_roles(connection, email=email, project=project.key) | project.configured_roles(email)


def roles_by_project(connection: Connection, projects: Iterable[Project], email: str) -> dict[str, frozenset[Role]]:
    """The roles of the person with this (normalised) address, by project key; projects without any are left out."""
    stored = find_roles_by_project(connection, email=email)
    found = {
        project.key: stored.get(project.key, frozenset()) | project.configured_roles(email) for project in projects
    }
    return {key: roles for key, roles in found.items() if roles}


def works_anywhere(connection: Connection, projects: Iterable[Project], email: str) -> bool:
    """True for the (normalised) address of somebody who works at a level of any of these projects or supervises it."""
    return any(roles & STAFF for roles in roles_by_project(connection, projects, email).values())


def actor_for(connection: Connection, project: Project, email: str, *, reporter: str) -> Actor:
    """The person with this address, as a ticket of `reporter` sees them."""
    organisations = project.contract.organisations
    return Actor(
        roles=roles_in(connection, project, email),
        is_reporter=email == reporter,
        is_colleague=domain_of(email) == domain_of(reporter) and domain_of(email) in organisations,
    )


def actor_on(connection: Connection, project: Project, ticket: Ticket, email: str) -> Actor:
    """The person with this address, as this ticket sees them: a joint reporter is one of its reporters."""
    actor = actor_for(connection, project, email, reporter=ticket.reporter)
    person = None if actor.is_reporter else find_person(connection, email=email)
    if person is None or not is_joint_reporter(connection, ticket_id=ticket.id, person_id=person.id):
        return actor
    return replace(actor, is_reporter=True)
