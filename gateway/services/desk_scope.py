"""What an agent finds at the desk, for what they are in each project: `domain.rights` for many tickets at once."""

from collections.abc import Mapping

from gateway.db.scope import Scope
from gateway.domain.levels import ROLE_OF
from gateway.domain.ticket import STAFF, Level, Role

Roles = Mapping[str, frozenset[Role]]
"""Roles by project key."""

_WHOLE = frozenset({Role.N1, Role.SUPERVISOR})


def desk_scope(roles: Roles) -> Scope:
    """The tickets and notes of whoever has these roles; nothing for somebody who works for no project.

    - the N1 team and supervisors: every ticket of the project
    - N2 and N3: what is before them or was
    - notes as `rights.may_read_notes` says
    """
    agents = {key: found & STAFF for key, found in roles.items() if found & STAFF}
    whole = frozenset(key for key, found in agents.items() if found & _WHOLE)
    return Scope(
        projects=whole,
        levels={key: _levels(found) for key, found in agents.items() if key not in whole},
        notes=frozenset(agents),
        deep_notes=frozenset(key for key, found in agents.items() if found - {Role.N1}),
    )


def own_teams(roles: Roles) -> dict[str, frozenset[Level]]:
    """The levels that somebody works at, by project; every level for a supervisor."""
    return {
        key: frozenset(Level) if Role.SUPERVISOR in found else _levels(found)
        for key, found in roles.items()
        if found & STAFF
    }


def supervised(roles: Roles) -> frozenset[str]:
    """The projects that somebody supervises."""
    return frozenset(key for key, found in roles.items() if Role.SUPERVISOR in found)


def _levels(roles: frozenset[Role]) -> frozenset[Level]:
    return frozenset(level for level, role in ROLE_OF.items() if role in roles)
