"""What the visitor is in each project: asked of the database once for a request."""

from collections.abc import Mapping

from flask import g

from gateway.domain.ticket import STAFF, Role
from gateway.errors import Deferred
from gateway.services.roles import roles_by_project
from web.state import find_visitor_of_request, web


def visitor_roles() -> Mapping[str, frozenset[Role]]:
    """The visitor's roles by project key; projects in which they have none are left out. Empty for a stranger."""
    if "roles" not in g:
        found = find_visitor_of_request()
        g.roles = {} if found is None else _ask(found.person.email)
    roles: Mapping[str, frozenset[Role]] = g.roles
    return roles


def is_staff() -> bool:
    """True for somebody who works for any of the projects. False while the database is away: pages that say so
    are drawn without it."""
    try:
        return any(roles & STAFF for roles in visitor_roles().values())
    except Deferred:
        return False


def _ask(email: str) -> Mapping[str, frozenset[Role]]:
    runtime = web().runtime
    with runtime.database.reading() as connection:
        return roles_by_project(connection, runtime.settings.project_list, email)
