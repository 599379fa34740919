"""What became of the guaranteed times in a period: out of the ledger, and folded where it does not answer.

The ledger (`judge_tickets`) has what became of every clock whose ticket nothing has changed since. The histories of the
few other tickets are folded here: of those to be judged anew, and of those with a clock that is late and runs on, whose
explanation changes with the time of asking. `fold_verdicts` is the same without a ledger, from the history of every
ticket that the period may have decided; both must say the same of everything, and tests hold them to it.

Folding costs a third of a millisecond for each incident. Where the ledger is far behind, as after the contract of a
whole project changed, that is too much for a page: it asks `is_ledger_behind` first.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from gateway.db.judged_clocks import Question, count_lines, list_misses, unsettled
from gateway.db.ticket_events import histories_of, standing_of, ticket_events
from gateway.db.tickets import tickets
from gateway.domain.events import EventType
from gateway.domain.judged_clocks import Judged, Kept, Miss, add_verdicts, judge_clocks
from gateway.domain.period import Period
from gateway.domain.project import Project
from gateway.domain.rights import WORKED_ON
from gateway.runtime import Runtime
from gateway.services.current_project import current_project
from gateway.services.judge_tickets import measures_of, name_by_measure
from gateway.services.ticket_clocks import ticket_clocks

MOST_FOLDED = 2_000
"""As many histories a page waits for: most of a second."""

_BATCH = 2_000  # histories held at once
Verdicts = tuple[tuple[Kept, ...], tuple[Miss, ...]]
"""How the clocks went, by guarantee and severity, and every miss, what was due first at the top."""


def read_verdicts(connection: Connection, runtime: Runtime, key: str, period: Period) -> Verdicts:
    """Of all clocks of a project that the period decided. The connection must see one state of the database."""
    asked = _question(connection, runtime, key, period)
    judged = list(_folded(connection, runtime, key, period, unsettled(connection, asked)))
    return _verdicts(judged, counted=count_lines(connection, asked), missed=list_misses(connection, asked))


def fold_verdicts(connection: Connection, runtime: Runtime, key: str, period: Period) -> Verdicts:
    """The same, from the history of every ticket that the period may have decided."""
    ids = list(connection.execute(_with_clocks(key, period)).scalars())
    return _verdicts(list(_folded(connection, runtime, key, period, ids)))


def is_ledger_behind(runtime: Runtime, project: Project, period: Period) -> bool:
    """Whether a report would have to fold more than a page waits for. Raises DatabaseTrouble.

    Where that is so because the contract or the calendar changed, the tickets are named to be judged anew: the
    timetable has done so after some beats.
    """
    with runtime.database.reading() as connection:
        asked = _question(connection, runtime, project.key, period)
        is_behind = len(unsettled(connection, asked, limit=MOST_FOLDED + 1)) > MOST_FOLDED
    if is_behind:
        name_by_measure(runtime)
    return is_behind


def _verdicts(judged: Sequence[Judged], *, counted: Iterable[Any] = (), missed: Iterable[Miss] = ()) -> Verdicts:
    misses = [*missed, *(one.miss for one in judged if one.miss is not None)]
    numbers = ((one.guarantee, one.severity, one.verdict, 1) for one in judged)
    in_order = tuple(sorted(misses, key=lambda miss: (miss.due_at, miss.ref, miss.guarantee)))
    return add_verdicts([*counted, *numbers]), in_order


def _question(connection: Connection, runtime: Runtime, key: str, period: Period) -> Question:
    measure = measures_of(connection, runtime)[key]
    return Question(project=key, measure=measure, period=period, now=runtime.clock.now())


def _folded(connection: Connection, runtime: Runtime, key: str, period: Period, ids: Sequence[int]) -> Iterator[Judged]:
    project, now = current_project(connection, runtime, key), runtime.clock.now()
    for start in range(0, len(ids), _BATCH):
        rows = connection.execute(select(tickets).where(tickets.c.id.in_(ids[start : start + _BATCH]))).all()
        histories = histories_of(connection, {row.id: standing_of(row) for row in rows})
        for row in rows:
            history = histories[row.id]
            read = ticket_clocks(history, project, now=now)
            yield from judge_clocks(row.ref, history, read.clocks, calendar=read.calendar, period=period, now=now)


def _with_clocks(key: str, period: Period) -> Select[Any]:
    """Tickets of which this period may have decided a clock: that ever had a severity, and whose clocks were not all
    stopped before it."""
    severe = select(ticket_events.c.ticket_id).where(ticket_events.c.type == EventType.SEVERITY)
    told = select(ticket_events.c.ticket_id).where(ticket_events.c.at >= period.since)
    return select(tickets.c.id).where(
        tickets.c.project == key,
        tickets.c.created_at < period.until,
        or_(tickets.c.severity.is_not(None), tickets.c.id.in_(severe)),
        or_(tickets.c.status.in_(WORKED_ON), tickets.c.updated_at >= period.since, tickets.c.id.in_(told)),
    )
