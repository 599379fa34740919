"""The customer's contacts of a project: whom it concerns when we look after the application of our own accord."""

from sqlalchemy import Connection

from gateway.db.participants import add_participant, find_participants
from gateway.db.people import Person, find_person, find_person_by_id, get_or_create_person
from gateway.db.tickets import Ticket
from gateway.domain.project import Project
from gateway.domain.ticket import Role
from gateway.runtime import Runtime
from gateway.services.members import members_of


def bring_contacts(connection: Connection, runtime: Runtime, project: Project, ticket: Ticket) -> list[Person]:
    """Put the contacts onto a ticket, but for who was taken off it; everybody who is then on it beside its reporter."""
    for person in contacts_of(connection, runtime, project):
        if person.id != ticket.reporter_id:
            add_participant(connection, ticket_id=ticket.id, person_id=person.id, now=runtime.clock.now())
    people = (find_person(connection, email=email) for email in sorted(find_participants(connection, ticket.id)))
    return [person for person in people if person is not None and person.id != ticket.reporter_id]


def contacts_of(connection: Connection, runtime: Runtime, project: Project) -> list[Person]:
    """Those that the configuration names; where it names nobody, whoever has the role of a reporter there."""
    now = runtime.clock.now()
    if project.contacts:
        return [get_or_create_person(connection, email=email, name="", now=now) for email in project.contacts]
    members = sorted(members_of(connection, runtime, project, Role.REPORTER))
    return [person for ident in members if (person := find_person_by_id(connection, ident)) is not None]
