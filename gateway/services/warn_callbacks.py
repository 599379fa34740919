"""Calls back warn like clocks as their time runs out: each mark once, by the contract's ladder, in the same mail."""

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from gateway.db.callbacks import callbacks_to_warn_of, mark_callback
from gateway.db.clock_calls import CALL_BACK, Call, add_calls
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.business_hours import hours_of
from gateway.domain.callback import percent_passed
from gateway.domain.escalation import called
from gateway.domain.levels import ROLE_OF
from gateway.domain.project import Project
from gateway.domain.ticket import Level, Role
from gateway.runtime import Runtime
from gateway.services.current_project import current_project
from gateway.services.members import members_of

log = structlog.get_logger()


def warn_callbacks(runtime: Runtime) -> int:
    """Find the marks that requests have passed by now, and call people to them; how many requests.

    Where several marks were passed since the last look, the last one counts. Raises DatabaseTrouble.
    """
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        if not callbacks_to_warn_of(connection, now=now, lock=False):
            return 0
    with runtime.database.transaction() as connection:
        found = callbacks_to_warn_of(connection, now=now, lock=True)
        return sum(_warn(connection, runtime, row, now=now) for row in found)


def _warn(connection: Connection, runtime: Runtime, row: Row[Any], *, now: datetime) -> bool:
    project = current_project(connection, runtime, row.project)
    ticket = find_ticket(connection, ticket_id=row.ticket_id)
    if project is None or ticket is None:
        return False
    hours = hours_of(project.calendar)
    percent = percent_passed(hours, requested_at=row.requested_at, due_at=row.due_at, now=now)
    if percent <= row.warned_percent or not mark_callback(connection, row.id, percent=percent, now=now):
        return False
    people = _people(connection, runtime, project, ticket, percent=percent, agent_id=row.agent_id)
    add_calls(
        connection,
        [
            Call(person_id=person, ticket_id=ticket.id, guarantee=CALL_BACK, percent=percent, passed_at=now)
            for person in sorted(people)
        ],
    )
    log.info("callback.warned", callback_id=row.id, percent=percent, people=len(people))
    return True


def _people(
    connection: Connection, runtime: Runtime, project: Project, ticket: Ticket, *, percent: int, agent_id: int | None
) -> frozenset[int]:
    """Whoever has the request, or else the ticket, then the team and the supervisors, as the ladder says."""
    return called(
        project.contract.ladder,
        percent,
        assignee=agent_id or ticket.assignee_id,
        team=members_of(connection, runtime, project, ROLE_OF[Level(ticket.level)]),
        supervisors=members_of(connection, runtime, project, Role.SUPERVISOR),
    )
