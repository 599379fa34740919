"""Where a ticket stands, and who looks at it."""

from dataclasses import replace
from datetime import UTC, datetime

from gateway.domain.rights import (
    Actor,
    Place,
)
from gateway.domain.ticket import Kind, Level, Role, Status

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
N1, N2, N3, SUPERVISOR = (Actor(roles=frozenset({role})) for role in (Role.N1, Role.N2, Role.N3, Role.SUPERVISOR))
STRANGER = Actor(roles=frozenset({Role.REPORTER}))
REPORTER = replace(STRANGER, is_reporter=True)
COLLEAGUE = replace(STRANGER, is_colleague=True)


def place(level: Level = Level.N1, *been: Level, status: Status = Status.OPEN, kind: Kind = Kind.CORRECTIVE) -> Place:
    return Place(kind=kind, severity=None, status=status, level=level, been=frozenset({level, *been}))
