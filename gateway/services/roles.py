"""What a person is in a project: by the database and by the configured teams."""

from collections.abc import Iterable

from sqlalchemy import Connection

from gateway.db.people import find_roles, find_roles_by_project
from gateway.domain.project import Project
from gateway.domain.rights import Actor
from gateway.domain.ticket import Role
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


def actor_for(connection: Connection, project: Project, email: str, *, reporter: str) -> Actor:
    """The person with this address, as a ticket of `reporter` sees them."""
    organisations = project.contract.organisations
    return Actor(
        roles=roles_in(connection, project, email),
        is_reporter=email == reporter,
        is_colleague=domain_of(email) == domain_of(reporter) and domain_of(email) in organisations,
    )
