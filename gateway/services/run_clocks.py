"""The tick of the clocks: find what they passed, each warning and breach once.

First the marks of tickets to which something happened are worked out anew, then what was passed by now is taken. Both
in batches of one transaction each: a tick that dies in between leaves the rest to the next one.
"""

import time
from collections import Counter
from collections.abc import Callable

import structlog
from sqlalchemy import Connection

from gateway.db.clock_marks import FoundMark, anything_to_do, find_passed, replace_marks, take_stale
from gateway.db.follow_ups import replace_follow_ups
from gateway.db.queue import store_dues
from gateway.db.ticket_events import find_standings, histories_of
from gateway.db.tickets import project_of
from gateway.db.webhooks import has_hooks, note_facts
from gateway.domain.escalation import BREACH, marks_of
from gateway.domain.follow_up import USUAL_FOLLOW_UP, plan_follow_ups
from gateway.domain.hooks import HookEvent, HookFact
from gateway.runtime import Runtime
from gateway.services.call_people import call_people
from gateway.services.current_project import current_projects
from gateway.services.ticket_clocks import ticket_clocks

BATCH = 2000
_RENEW_SECONDS = 2.0

log = structlog.get_logger()


def run_clocks(runtime: Runtime) -> int:
    """Find every mark that was passed by now and return how many there were. Raises DatabaseTrouble.

    Where very many tickets are to be worked out anew, the rest is left to the next tick.
    """
    with runtime.database.reading() as connection:
        if not anything_to_do(connection, now=runtime.clock.now()):
            return 0
    renew_until = time.monotonic() + _RENEW_SECONDS
    while _batch(runtime, _renew_marks) == BATCH and time.monotonic() < renew_until:
        pass
    found = 0
    while number := _batch(runtime, _find_marks):
        found += number
    return found


def _batch(runtime: Runtime, work: Callable[[Connection, Runtime], int]) -> int:
    with runtime.database.transaction() as connection:
        return work(connection, runtime)


def renew_marks(connection: Connection, runtime: Runtime, ids: list[int]) -> None:
    """Work out when the clocks of these tickets will warn, what happens by itself, and when they are due."""
    now = runtime.clock.now()
    found = find_standings(connection, ids)
    histories = histories_of(connection, {ticket_id: standing for ticket_id, (_, standing) in found.items()})
    projects = current_projects(connection, runtime, (project for project, _ in found.values()))
    marks = {}
    planned = {}
    dues = {}
    for ticket_id, (key, _) in found.items():
        read = ticket_clocks(histories[ticket_id], projects[key], now=now)
        marks[ticket_id] = marks_of(read.clocks, calendar=read.calendar, now=now)
        dues[ticket_id] = read.next_due
        rules = USUAL_FOLLOW_UP if (project := projects[key]) is None else project.follow_up
        planned[ticket_id] = plan_follow_ups(histories[ticket_id], calendar=read.calendar, rules=rules)
    replace_marks(connection, marks, now=now)
    replace_follow_ups(connection, planned)
    store_dues(connection, dues)


def _renew_marks(connection: Connection, runtime: Runtime) -> int:
    ids = take_stale(connection, limit=BATCH)
    renew_marks(connection, runtime, ids)
    return len(ids)


def _find_marks(connection: Connection, runtime: Runtime) -> int:
    passed = find_passed(connection, now=runtime.clock.now(), limit=BATCH)
    for percent, number in sorted(Counter(one.mark.percent for one in passed).items()):
        log.info("clocks.breached" if percent == BREACH else "clocks.warned", percent=percent, number=number)
    call_people(connection, runtime, passed)
    if has_hooks(connection):
        _note(connection, passed)
    return len(passed)


def _note(connection: Connection, passed: list[FoundMark]) -> None:
    """Write down for programs that are told of it what was passed."""
    for one in passed:
        is_breach = one.mark.percent == BREACH
        fact = HookFact(
            event=HookEvent.CLOCK_BREACHED if is_breach else HookEvent.CLOCK_WARNED,
            at=one.mark.at,
            data={"clock": one.mark.guarantee.value, "percent": one.mark.percent},
        )
        note_facts(connection, one.ticket_id, [fact], project=project_of(connection, one.ticket_id))
