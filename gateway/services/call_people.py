"""Calling people to the clocks that passed a mark, and telling them: one mail a quarter of an hour for each person."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.db.clock_calls import Call, add_calls, people_to_tell, take_calls
from gateway.db.clock_marks import FoundMark
from gateway.db.people import find_person_by_id
from gateway.db.tickets import tickets
from gateway.domain.escalation import called
from gateway.domain.levels import ROLE_OF
from gateway.domain.ticket import Level, Role
from gateway.jobs.doorbell import OUTBOX
from gateway.notify.notices import Notice
from gateway.notify.person_mail import write_person_mail
from gateway.runtime import Runtime
from gateway.services.members import members_of
from gateway.services.ticket_clocks import find_project

QUIET = timedelta(minutes=15)
_LISTED = 50  # calls in one mail; of more it gives the number
_CHUNK = 500


def call_people(connection: Connection, runtime: Runtime, passed: Sequence[FoundMark]) -> None:
    """Write down whom each mark calls, by the ladder of its project's contract."""
    rows = _tickets(connection, {one.ticket_id for one in passed})
    teams: dict[tuple[str, Role], frozenset[int]] = {}
    calls = []
    for one in passed:
        row = rows.get(one.ticket_id)
        project = None if row is None else find_project(runtime, row.project)
        if row is None or project is None:
            continue
        for role in (ROLE_OF[Level(row.level)], Role.SUPERVISOR):
            if (project.key, role) not in teams:
                teams[project.key, role] = members_of(connection, runtime, project, role)
        people = called(
            project.contract.ladder,
            one.mark.percent,
            assignee=row.assignee_id,
            team=teams[project.key, ROLE_OF[Level(row.level)]],
            supervisors=teams[project.key, Role.SUPERVISOR],
        )
        calls += [_call(one, person_id) for person_id in sorted(people)]
    add_calls(connection, calls)


def tell_called_people(runtime: Runtime) -> int:
    """Write one mail to each person who was called and had none for a quarter of an hour; how many mails."""
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        people = people_to_tell(connection, quiet_since=now - QUIET)
    for person_id in people:
        with runtime.database.transaction() as connection:
            _tell(connection, runtime, person_id)
    if people:
        runtime.doorbell.ring_soon(OUTBOX)
    return len(people)


def _tell(connection: Connection, runtime: Runtime, person_id: int) -> None:
    now = runtime.clock.now()
    calls = take_calls(connection, person_id, now=now)
    person = find_person_by_id(connection, person_id)
    rows = _tickets(connection, {call.ticket_id for call in calls[:_LISTED]})
    if not calls or person is None:
        return
    project = find_project(runtime, rows[calls[0].ticket_id].project) or runtime.settings.project_list[0]
    lines = [
        {
            "ref": rows[call.ticket_id].ref,
            "subject": rows[call.ticket_id].subject,
            "guarantee": call.guarantee,
            "percent": call.percent,
            "at": call.passed_at.isoformat(),
        }
        for call in calls[:_LISTED]
    ]
    context = {"calls": lines, "number": len(calls)}
    write_person_mail(connection, runtime, Notice.CLOCKS, person=person, project=project, context=context, now=now)


def _call(one: FoundMark, person_id: int) -> Call:
    mark = one.mark
    return Call(
        person_id=person_id,
        ticket_id=one.ticket_id,
        guarantee=mark.guarantee.value,
        percent=mark.percent,
        passed_at=mark.at,
    )


def _tickets(connection: Connection, ids: Iterable[int]) -> dict[int, Row[Any]]:
    every = sorted(ids)
    found: dict[int, Row[Any]] = {}
    for start in range(0, len(every), _CHUNK):
        query = select(
            tickets.c.id, tickets.c.ref, tickets.c.subject, tickets.c.project, tickets.c.level, tickets.c.assignee_id
        ).where(tickets.c.id.in_(every[start : start + _CHUNK]))
        found |= {row.id: row for row in connection.execute(query)}
    return found
