"""A project as it is now: as the configuration says, with the emergency openings and closings of its calendar."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from gateway.db.calendar_overrides import list_overrides
from gateway.domain.calendar import Override
from gateway.domain.project import Project
from gateway.runtime import Runtime
from gateway.services.ticket_clocks import find_project


def current_project(connection: Connection, runtime: Runtime, key: str) -> Project | None:
    """The project with this key; None for one that has left the configuration. Whoever counts hours asks here."""
    return current_projects(connection, runtime, [key])[key]


def current_projects(connection: Connection, runtime: Runtime, keys: Iterable[str]) -> dict[str, Project | None]:
    """The same for several, by key."""
    wanted = sorted(set(keys))
    overrides = overrides_in_force(connection, wanted)
    found = {key: find_project(runtime, key) for key in wanted}
    return {key: None if project is None else with_overrides(project, overrides[key]) for key, project in found.items()}


def overrides_in_force(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[Override, ...]]:
    """What was said about these projects' calendars, in the order in which it was written."""
    stored = list_overrides(connection, sorted(set(keys)))
    return {key: tuple(one for row in rows if (one := row.in_force) is not None) for key, rows in stored.items()}


def with_overrides(project: Project, overrides: tuple[Override, ...]) -> Project:
    """The project with these."""
    return replace(project, calendar=replace(project.calendar, overrides=overrides)) if overrides else project
