"""For which projects somebody reports."""

from collections.abc import Sequence

from sqlalchemy import Connection

from gateway.db.my_tickets import reported_projects
from gateway.db.people import Person
from gateway.domain.project import Project
from gateway.mail.address import domain_of
from gateway.runtime import Runtime
from gateway.services.roles import roles_by_project


def report_projects(connection: Connection, runtime: Runtime, person: Person) -> Sequence[Project]:
    """Those that the person belongs to, by a role, their organisation, or a request of theirs; else those that are
    open to all."""
    projects = runtime.settings.project_list
    domain = domain_of(person.email)
    known = reported_projects(connection, person.id) | set(roles_by_project(connection, projects, person.email))
    theirs = [one for one in projects if one.key in known or domain in one.contract.organisations]
    return theirs or [one for one in projects if one.open_to_all]
