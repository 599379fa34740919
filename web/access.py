"""What the visitor is in each project: asked of the database once for a request."""

from collections.abc import Mapping

from flask import g

from gateway.domain.ticket import STAFF, Role
from gateway.errors import Deferred
from gateway.services.roles import roles_by_project
from web.state import find_visitor_of_request, web


def visitor_roles() -> Mapping[str, frozenset[Role]]:
    """The visitor's roles by project key; projects in which they have none are left out. Empty for a stranger.

    Staff who signed in by a way that does not open the desk have no role of staff here.
    """
    found = find_visitor_of_request()
    roles = _stored_roles()
    if found is None or found.may_work:
        return roles
    left = {key: some - STAFF for key, some in roles.items()}
    return {key: some for key, some in left.items() if some}


def is_staff() -> bool:
    """True for somebody who works for any of the projects. False while the database is away: pages that say so
    are drawn without it."""
    try:
        return any(roles & STAFF for roles in visitor_roles().values())
    except Deferred:
        return False


def must_step_up() -> bool:
    """True for staff who signed in by a way that does not open the desk."""
    found = find_visitor_of_request()
    return found is not None and not found.may_work and works()


def works() -> bool:
    """True for somebody who works for any of the projects, by whatever way they signed in."""
    return any(roles & STAFF for roles in _stored_roles().values())


def _stored_roles() -> Mapping[str, frozenset[Role]]:
    if "roles" not in g:
        found = find_visitor_of_request()
        g.roles = {} if found is None else _ask(found.person.email)
    roles: Mapping[str, frozenset[Role]] = g.roles
    return roles


def _ask(email: str) -> Mapping[str, frozenset[Role]]:
    runtime = web().runtime
    with runtime.database.reading() as connection:
        return roles_by_project(connection, runtime.settings.project_list, email)
