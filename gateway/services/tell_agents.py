"""Telling agents what happened to tickets: collected from the timelines, then one mail for each person at a time.

Filing tells no agent anything: it marks its entry, and the timetable comes for it within a second. Two steps, each
exactly once whatever ticks run at once: an entry is taken and becomes news for the people whom it concerns; what waits
for a person is taken and becomes one mail. The first thing is told at once; for a quarter of an hour after a mail the
rest gathers, so that five hundred mails in a minute are two mails.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from gateway.db.agent_news import (
    News,
    Waiting,
    add_news,
    anything_to_tell,
    first_entries,
    people_waiting,
    standings_of,
    take_entries,
    take_news,
)
from gateway.db.people import find_people
from gateway.domain.levels import ROLE_OF
from gateway.domain.telling import Happening, Manner, Preference, agents_concerned, manner_of
from gateway.domain.ticket import Direction, EntryType, Level, Role
from gateway.jobs.doorbell import OUTBOX
from gateway.notify.failure_entry import UNDELIVERED
from gateway.notify.notices import TO_CUSTOMERS
from gateway.runtime import Runtime
from gateway.services.members import members_of
from gateway.services.ticket_clocks import find_project
from gateway.services.write_news import write_news

BATCH = 500
QUIET = timedelta(minutes=15)
DIGEST_AFTER = timedelta(hours=1)
"""So long is gathered for who wants a digest."""

log = structlog.get_logger()


def tell_agents(runtime: Runtime) -> int:
    """Collect what agents are to be told and write the mails that are due: how many. Raises DatabaseTrouble."""
    with runtime.database.reading() as connection:
        is_new = anything_to_tell(connection)
    while is_new:
        with runtime.database.transaction() as connection:
            is_new = collect_news(connection, runtime) == BATCH
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        waiting = people_waiting(connection, quiet_since=now - QUIET)
    due = [one.person_id for one in waiting if is_due(one, now=now)]
    for person_id in due:
        with runtime.database.transaction() as connection:
            write_news(connection, runtime, person_id, take_news(connection, person_id, now=now))
    if due:
        runtime.doorbell.ring_soon(OUTBOX)
        log.info("news.told", people=len(due))
    return len(due)


def is_due(one: Waiting, *, now: datetime) -> bool:
    """Whether a person who had no mail for a while is written to now.

    - who wants a digest: once the oldest has waited for an hour
    - everybody else: at once
    """
    return one.preference is not Preference.DIGEST or now - one.since >= DIGEST_AFTER


def collect_news(connection: Connection, runtime: Runtime) -> int:
    """Take entries that nobody was told of, and write down whom they concern; how many entries were taken."""
    taken = take_entries(connection, limit=BATCH)
    if not taken:
        return 0
    ids = {row.ticket_id for row in taken}
    stands = {row.id: row for row in standings_of(connection, ids)}
    first = first_entries(connection, ids)
    concerned = [
        (row, happening, stands[row.ticket_id])
        for row in taken
        if row.ticket_id in stands
        and (happening := what_happened(row, is_first=row.id in first, reporter=stands[row.ticket_id].reporter_id))
    ]
    teams = _teams(connection, runtime, [ticket for _, _, ticket in concerned])
    chosen = [
        (row, happening, audience, person_id)
        for row, happening, ticket in concerned
        for audience, people in [
            agents_concerned(
                happening,
                assignee=ticket.assignee_id,
                team=teams.get((ticket.project, ROLE_OF[Level(ticket.level)]), frozenset()),
            )
        ]
        for person_id in sorted(people - {row.author_id})
    ]
    known = {one.id: one for one in find_people(connection, {person_id for *_, person_id in chosen})}
    add_news(
        connection,
        [
            News(
                person_id=person_id,
                ticket_id=row.ticket_id,
                entry_id=row.id,
                happening=happening.value,
                at=row.at,
            )
            for row, happening, audience, person_id in chosen
            if manner_of(happening, audience, known[person_id].notices) is not Manner.NOT
            # Who forwards a mail knows of it.
            and known[person_id].email != row.data.get("forwarded_by")
        ],
    )
    return len(taken)


def what_happened(row: Row[Any], *, is_first: bool, reporter: int) -> Happening | None:
    """What an entry of a timeline is to agents; None for what they are not told of.

    - the first entry of a ticket: it is new
    - a message or a call that came in: a reply
    - an entry that says so itself: handed over, given to somebody, a mail to a customer that was not delivered
    - the reporter reopened it on its page
    """
    data: Mapping[str, Any] = row.data
    if is_first:
        return Happening.NEW
    if row.type == EntryType.CALL or (row.type == EntryType.MESSAGE and row.direction == Direction.IN):
        return Happening.REPLY
    if data.get("happening") in {Happening.HANDED, Happening.ASSIGNED}:
        return Happening(data["happening"])
    if data.get("event") in UNDELIVERED and data.get("notice") in TO_CUSTOMERS:
        return Happening.UNDELIVERED
    reopened = any(change["what"] == "reopened" for change in data.get("changes", ()))
    return Happening.REOPENED if reopened and row.author_id == reporter else None


def _teams(
    connection: Connection, runtime: Runtime, rows: Sequence[Row[Any]]
) -> dict[tuple[str, Role], frozenset[int]]:
    wanted = {(row.project, ROLE_OF[Level(row.level)]) for row in rows}
    projects = {key: find_project(runtime, key) for key, _ in wanted}
    return {
        (key, role): members_of(connection, runtime, project, role)
        for key, role in wanted
        if (project := projects[key]) is not None
    }
