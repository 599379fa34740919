"""What a person is in a project: by the database and by the configured teams."""

from sqlalchemy import Connection

from gateway.db.people import find_roles
from gateway.domain.project import Project
from gateway.domain.rights import Actor
from gateway.domain.ticket import Role
from gateway.mail.address import domain_of


def roles_in(connection: Connection, project: Project, email: str) -> frozenset[Role]:
    """The roles of the person with this (normalised) address."""
    return find_roles(connection, email=email, project=project.key) | project.configured_roles(email)


def actor_for(connection: Connection, project: Project, email: str, *, reporter: str) -> Actor:
    """The person with this address, as a ticket of `reporter` sees them."""
    organisations = project.contract.organisations
    return Actor(
        roles=roles_in(connection, project, email),
        is_reporter=email == reporter,
        is_colleague=domain_of(email) == domain_of(reporter) and domain_of(email) in organisations,
    )
