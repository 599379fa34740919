"""Noticing that contracts or calendars were changed: the old terms stay on record, and clocks warn by the new ones."""

from hashlib import sha256

import structlog
from sqlalchemy import Connection

from gateway.db.contract_versions import ContractVersion, add_version, list_versions
from gateway.db.stale_incidents import make_incidents_stale
from gateway.domain.calendar import Calendar
from gateway.domain.project import Project
from gateway.runtime import Runtime

log = structlog.get_logger()


def note_contracts(runtime: Runtime) -> list[str]:
    """Write down the terms that hold from now on, where they differ from the last; the keys of those projects.

    The marks of every incident of such a project that is worked on are then worked out anew. Done again it changes
    nothing. Raises DatabaseTrouble.
    """
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        if not _changed(connection, runtime):
            return []
    with runtime.database.transaction() as connection:
        changed = _changed(connection, runtime)
        for project in changed:
            add_version(
                connection,
                ContractVersion(
                    project=project.key,
                    since=now,
                    terms=project.contract.as_json(),
                    calendar_sha256=calendar_sum(project.calendar),
                ),
            )
        keys = [project.key for project in changed]
        make_incidents_stale(connection, keys)
    if keys:
        log.info("contracts.changed", projects=keys)
    return keys


def calendar_sum(calendar: Calendar) -> str:
    """What tells a calendar from another."""
    values = (calendar.zone, calendar.week, calendar.region, sorted(calendar.closed), calendar.worked)
    return sha256(repr(values).encode()).hexdigest()


def _changed(connection: Connection, runtime: Runtime) -> list[Project]:
    known = list_versions(connection)
    return [project for project in runtime.settings.project_list if _differs(project, known.get(project.key, []))]


def _differs(project: Project, versions: list[ContractVersion]) -> bool:
    if not versions:
        return True
    last = versions[-1]
    return (last.terms, last.calendar_sha256) != (project.contract.as_json(), calendar_sum(project.calendar))
