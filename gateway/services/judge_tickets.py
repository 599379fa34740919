"""Keeping the ledger of guaranteed times: what became of each clock, for service reports that need not fold histories.

Nothing in it is a counter, and nobody writes to it by hand. A line is worked out from the ticket's history, and again
whenever anything changes that it was worked out from: events and rows of tickets, which the database itself watches
(`db.judged_clocks`), and the measure: contracts, calendar, and these rules. A report leaves out what is to be judged
anew and folds that itself, so it is true at any time, whether or not the timetable has got there.
"""

import json
import time
from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, func, select

from gateway.db.contract_versions import ContractVersion, list_versions
from gateway.db.judged_clocks import Judgement, is_by_another, judge_anew, keep_judgements, list_stale
from gateway.db.ticket_events import histories_of, standing_of, ticket_events
from gateway.db.tickets import tickets
from gateway.domain.contract import Counting
from gateway.domain.events import EventType
from gateway.domain.ledger import ledger_of
from gateway.domain.project import Project
from gateway.runtime import Runtime
from gateway.services.current_project import current_projects
from gateway.services.note_contracts import calendar_sum
from gateway.services.ticket_clocks import ticket_clocks

BATCH = 1000
_SECONDS = 1.0
_RULES = 1
"""To be raised with every change of what a line says of the same history."""
_NOWHERE = ""
"""The measure of tickets whose project has left the configuration: they are judged once it is back."""


def judge_tickets(runtime: Runtime) -> int:
    """Judge the tickets that were named for it, and return how many that were. Raises DatabaseTrouble.

    Where there are very many, the rest is left to the next beat.
    """
    until = time.monotonic() + _SECONDS
    found = 0
    while number := _batch(runtime):
        found += number
        if number < BATCH or time.monotonic() > until:
            break
    return found


def name_by_measure(runtime: Runtime) -> list[str]:
    """Name the tickets of projects whose contract or calendar has changed; the keys of those projects."""
    with runtime.database.reading() as connection:
        measures = measures_of(connection, runtime)
        changed = [key for key, measure in measures.items() if is_by_another(connection, key, measure)]
    if changed:
        with runtime.database.transaction() as connection:
            for key in changed:
                judge_anew(connection, key, measures[key])
    return changed


def measures_of(connection: Connection, runtime: Runtime) -> dict[str, str]:
    """By which measure the tickets of each project are judged now."""
    versions = list_versions(connection)
    keys = [project.key for project in runtime.settings.project_list]
    found = current_projects(connection, runtime, keys)
    return {key: measure_of(project, versions.get(key, [])) for key, project in found.items() if project is not None}


def measure_of(project: Project, versions: Iterable[ContractVersion]) -> str:
    """What tells two ways to judge the same history from each other: the contracts of all times, the zone, the hours
    where any of these contracts counts them, and the rules themselves."""
    terms: list[Any] = [[one.since.isoformat(), one.terms] for one in versions] or [project.contract.as_json()]
    said = json.dumps(terms, sort_keys=True)
    calendar = project.calendar
    hours = [calendar_sum(calendar), [repr(one) for one in calendar.overrides], version("holidays")]
    counts = f'"{Counting.WORKING.value}"' in said
    return sha256(json.dumps([_RULES, said, calendar.zone, hours if counts else []]).encode()).hexdigest()


def _batch(runtime: Runtime) -> int:
    with runtime.database.reading() as connection:
        if not list_stale(connection, limit=1):
            return 0
    with runtime.database.transaction() as connection:
        marks = list_stale(connection, limit=BATCH)
        keep_judgements(connection, marks, judge(connection, runtime, marks))
    return len(marks)


def judge(connection: Connection, runtime: Runtime, ids: Iterable[int]) -> Mapping[int, Judgement]:
    """The judgements of these tickets; none of one that is gone or never had a severity."""
    now, wanted = runtime.clock.now(), list(ids)
    measures = measures_of(connection, runtime)
    rows = {row.id: row for row in connection.execute(select(tickets).where(tickets.c.id.in_(wanted)))}
    histories = histories_of(connection, {ident: standing_of(row) for ident, row in rows.items()})
    told = select(ticket_events.c.ticket_id, func.count()).where(ticket_events.c.ticket_id.in_(wanted))
    numbers = {row[0]: row[1] for row in connection.execute(told.group_by(ticket_events.c.ticket_id))}
    projects = current_projects(connection, runtime, (row.project for row in rows.values()))
    found = {}
    for ident, row in rows.items():
        history = histories[ident]
        if row.severity is None and not any(event.type is EventType.SEVERITY for event in history):
            continue
        project = projects[row.project]
        events = sum(event.type is not EventType.CONTRACT for event in history)
        lines = []
        if project is not None:
            read = ticket_clocks(history, project, now=now)
            lines = ledger_of(row.ref, history, read.clocks, calendar=project.calendar, now=now)
        found[ident] = Judgement(
            project=row.project,
            measure=measures.get(row.project, _NOWHERE),
            by_row=events > numbers.get(ident, 0),
            lines=lines,
        )
    return found
