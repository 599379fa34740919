"""What happens by itself: who is waited for is reminded, and what waited or was resolved long enough is closed.

Each step is taken once, whatever ticks run at once or were missed. What was missed is made good with care: of several
reminders that are late only the last is sent, and after a late one there is as much time left as after any other.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import structlog
from sqlalchemy import Connection

from gateway.db.follow_ups import Due, anything_due, put_off_closing, take_due
from gateway.db.ticket_events import begin_history, record_event
from gateway.db.ticket_facts import lock_ticket
from gateway.db.ticket_status import set_status
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.follow_up import Step, after_working_days
from gateway.domain.project import Project
from gateway.domain.telling import Happening
from gateway.domain.ticket import Status
from gateway.jobs.doorbell import OUTBOX
from gateway.notify.thread import find_last_answer
from gateway.runtime import Runtime
from gateway.services.current_project import current_project
from gateway.services.tell_people import tell_people

BATCH = 50

log = structlog.get_logger()


def follow_up_tickets(runtime: Runtime) -> int:
    """Take every step whose time has come and return how many there were. Raises DatabaseTrouble."""
    with runtime.database.reading() as connection:
        if not anything_due(connection, now=runtime.clock.now()):
            return 0
    number = 0
    while taken := _batch(runtime):
        number += taken
    if number:
        runtime.doorbell.ring_soon(OUTBOX)
    return number


def _batch(runtime: Runtime) -> int:
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        due = take_due(connection, now=now, limit=BATCH)
        by_ticket = sorted(due, key=lambda one: one.ticket_id)
        for ticket_id, steps in groupby(by_ticket, key=lambda one: one.ticket_id):
            ticket = lock_ticket(connection, ticket_id)
            project = None if ticket is None else current_project(connection, runtime, ticket.project)
            if ticket is not None and project is not None:
                _take(connection, runtime, ticket, project, list(steps), now=now)
    return len(due)


def _take(
    connection: Connection, runtime: Runtime, ticket: Ticket, project: Project, steps: Sequence[Due], *, now: datetime
) -> None:
    if ticket.status not in {Status.PENDING, Status.RESOLVED}:
        return  # somebody moved it at this very moment
    since = steps[0].follow_up.since
    reminders = [one.follow_up for one in steps if one.follow_up.step is Step.REMIND]
    if reminders:
        _remind(connection, runtime, ticket, project, since=since, now=now)
        log.info("ticket.reminded", ticket_id=ticket.id, number=max(one.number for one in reminders))
    else:
        _close(connection, runtime, ticket, now=now)
        log.info("ticket.closed_by_itself", ticket_id=ticket.id, was=ticket.status)


def _remind(
    connection: Connection, runtime: Runtime, ticket: Ticket, project: Project, *, since: datetime, now: datetime
) -> None:
    left = after_working_days(now, project.follow_up.notice_days, calendar=project.calendar) or now
    closes = put_off_closing(connection, ticket.id, since=since, until=left)
    more = {"asked": find_last_answer(connection, ticket.id)}
    more |= {} if closes is None else {"closes_at": closes.isoformat()}
    change = {"what": "reminder", "value": "", "at": since.isoformat()}
    tell_people(connection, runtime, ticket, Happening.REMINDER, changes=[change], more=more)


def _close(connection: Connection, runtime: Runtime, ticket: Ticket, *, now: datetime) -> None:
    begin_history(connection, ticket)
    closed = TicketEvent(type=EventType.STATUS, at=now, by=By.GATEWAY, value=Status.CLOSED)
    record_event(connection, ticket.id, closed)
    set_status(connection, ticket.id, Status.CLOSED, now=now)
    after = find_ticket(connection, ticket_id=ticket.id)
    assert after is not None, "locked in this transaction"
    change = {"what": f"closed.{ticket.status}", "value": Status.CLOSED.value, "at": now.isoformat()}
    tell_people(connection, runtime, after, Happening.CLOSED, changes=[change])
