"""The customer's contacts of a project: whom it concerns when we look after the application of our own accord."""

from sqlalchemy import Connection

from gateway.db.people import Person, find_person_by_id, get_or_create_person
from gateway.domain.project import Project
from gateway.domain.ticket import Role
from gateway.runtime import Runtime
from gateway.services.members import members_of


def contacts_of(connection: Connection, runtime: Runtime, project: Project) -> list[Person]:
    """Those that the configuration names; where it names nobody, whoever has the role of a reporter there."""
    now = runtime.clock.now()
    if project.contacts:
        return [get_or_create_person(connection, email=email, name="", now=now) for email in project.contacts]
    members = sorted(members_of(connection, runtime, project, Role.REPORTER))
    return [person for ident in members if (person := find_person_by_id(connection, ident)) is not None]
