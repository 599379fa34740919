"""Who has a role in a project: by the database and by the configured teams."""

from sqlalchemy import Connection, select

from gateway.db.people import get_or_create_person, memberships
from gateway.domain.project import Project
from gateway.domain.ticket import Role
from gateway.runtime import Runtime


def members_of(connection: Connection, runtime: Runtime, project: Project, role: Role) -> frozenset[int]:
    """The ids of these people. Whom the configuration names and nobody has met is remembered now."""
    query = select(memberships.c.person_id).where(memberships.c.project == project.key, memberships.c.role == role)
    now = runtime.clock.now()
    configured = (email for team, emails in project.teams if team is role for email in sorted(emails))
    people = (get_or_create_person(connection, email=email, name="", now=now).id for email in configured)
    return frozenset([*connection.execute(query).scalars(), *people])
