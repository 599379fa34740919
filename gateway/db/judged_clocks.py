"""What became of each guaranteed time, kept for service reports: a ledger that is worked out from histories, and anew
whenever what it was worked out from changes.

`judged_clocks` has a row for each clock that something was promised for (`domain.ledger`). `judged_tickets` says by
which measure (contracts, calendar, the rules themselves) a ticket was judged. `stale_judgements` names the tickets to
be judged anew: triggers of the database put them there in the transaction in which an event or a row of `tickets`
changes, whoever changes it, so that what is not named there is true. `mark` is drawn anew by each change: one that
comes while a ticket is being judged is not lost. A migration that rebuilds `tickets` or `ticket_events` on SQLite must
make their triggers anew.

No foreign keys lead from here, for judging must wait for nobody who is at work on a ticket. A trigger forgets what is
deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    union,
)

from gateway.db.tickets import tickets
from gateway.db.types import Json, UtcDateTime, metadata
from gateway.db.upsert import maker_of
from gateway.domain.clocks import Guarantee
from gateway.domain.judged_clocks import Miss, Verdict
from gateway.domain.ledger import LedgerLine, miss_as_json, miss_from_json
from gateway.domain.period import Period

stale_judgements = Table(
    "stale_judgements",
    metadata,
    Column("ticket_id", Integer, primary_key=True, autoincrement=False),
    Column("mark", Integer, nullable=False),
)

judged_tickets = Table(
    "judged_tickets",
    metadata,
    Column("ticket_id", Integer, primary_key=True, autoincrement=False),
    Column("project", String(10), nullable=False),
    Column("measure", String(64), nullable=False),
    # Its history was made whole from its row, and so depends on when that moved last.
    Column("by_row", Boolean, nullable=False),
    Index("ix_judged_tickets_project_measure", "project", "measure"),
)

judged_clocks = Table(
    "judged_clocks",
    metadata,
    Column("ticket_id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("project", String(10), nullable=False),
    Column("measure", String(64), nullable=False),
    Column("guarantee", String(3), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("decided_at", UtcDateTime),
    Column("started_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("breached_from", UtcDateTime),
    Column("miss", Json),
    # All that is counted: no row is read for it.
    Index(
        "ix_judged_clocks_report", "project", "measure", "decided_at", "guarantee", "severity", "verdict", "ticket_id"
    ),
)

_CHUNK = 500
_SETTLE = delete(stale_judgements).where(
    stale_judgements.c.ticket_id == bindparam("ticket"), stale_judgements.c.mark == bindparam("drawn")
)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is kept of a ticket. `by_row`: its history was made whole from its row."""

    project: str
    measure: str
    by_row: bool
    lines: Sequence[LedgerLine]


@dataclass(frozen=True, kw_only=True)
class Question:
    """Whose clocks are asked for, by which measure, in which period, and when."""

    project: str
    measure: str
    period: Period
    now: datetime


def list_stale(connection: Connection, *, limit: int) -> dict[int, int]:
    """Tickets to be judged anew, with their marks."""
    query = select(stale_judgements.c.ticket_id, stale_judgements.c.mark).order_by(stale_judgements.c.ticket_id)
    return {row.ticket_id: row.mark for row in connection.execute(query.limit(limit))}


def keep_judgements(connection: Connection, marks: Mapping[int, int], judged: Mapping[int, Judgement]) -> None:
    """Put these judgements in the place of the old ones, and strike the tickets off by their marks, in one order: a
    mark that was drawn meanwhile stays. A ticket that is not `judged` has none from now on."""
    ids = sorted(marks)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        for table in (judged_clocks, judged_tickets):
            connection.execute(delete(table).where(table.c.ticket_id.in_(chunk)))
    heads = [
        {"ticket_id": ident, "project": one.project, "measure": one.measure, "by_row": one.by_row}
        for ident, one in judged.items()
    ]
    lines = [_values(ident, one, line) for ident, one in judged.items() for line in one.lines]
    for table, rows in ((judged_tickets, heads), (judged_clocks, lines)):
        if rows:
            connection.execute(insert(table), rows)
    if ids:
        connection.execute(_SETTLE, [{"ticket": ident, "drawn": marks[ident]} for ident in ids])


def judge_anew(connection: Connection, project: str, measure: str) -> None:
    """Name the tickets of a project that were judged by another measure."""
    other = select(judged_tickets.c.ticket_id, literal(0)).where(_by_another(project, measure))
    maker = maker_of(connection.dialect.name)(stale_judgements)
    connection.execute(maker.from_select(["ticket_id", "mark"], other).on_conflict_do_nothing())


def is_by_another(connection: Connection, project: str, measure: str) -> bool:
    """Whether a ticket of the project was judged by another measure."""
    query = select(judged_tickets.c.ticket_id).where(_by_another(project, measure)).limit(1)
    return connection.execute(query).first() is not None


def unsettled(connection: Connection, asked: Question, *, limit: int | None = None) -> list[int]:
    """The ids of the tickets that the ledger does not answer for: those to be judged anew, and those with a clock that
    nothing has stopped and that was due in this period and missed. At most `limit`."""
    return list(connection.execute(_unsettled(asked).limit(limit)).scalars())


def count_lines(connection: Connection, asked: Question) -> list[tuple[Guarantee, str, Verdict, int]]:
    """The clocks of all other tickets: guarantee, severity, verdict, how many."""
    c = judged_clocks.c
    is_counting = and_(
        c.decided_at.is_(None),
        c.started_at < asked.period.until,
        or_(c.breached_from.is_(None), c.breached_from > asked.now),
    )
    found: list[Any] = []
    for condition in (_decided(asked), is_counting):
        query = select(c.guarantee, c.severity, c.verdict, func.count()).where(*_settled(asked), condition)
        found += connection.execute(query.group_by(c.guarantee, c.severity, c.verdict)).all()
    return [(Guarantee(row[0]), row[1], Verdict(row[2]), row[3]) for row in found]


def list_misses(connection: Connection, asked: Question) -> list[Miss]:
    """The misses of all other tickets."""
    query = select(judged_clocks.c.miss).where(
        *_settled(asked), _decided(asked), judged_clocks.c.verdict == Verdict.MISSED
    )
    return [miss_from_json(document) for document in connection.execute(query).scalars()]


def _settled(asked: Question) -> Iterable[ColumnElement[bool]]:
    """The lines of tickets that the ledger answers for."""
    c = judged_clocks.c
    return c.project == asked.project, c.measure == asked.measure, c.ticket_id.not_in(_unsettled(asked))


def _decided(asked: Question) -> ColumnElement[bool]:
    decided_at = judged_clocks.c.decided_at
    return and_(decided_at >= asked.period.since, decided_at < asked.period.until)


def _unsettled(asked: Question) -> Any:
    c = judged_clocks.c
    stale: Select[Any] = (
        select(stale_judgements.c.ticket_id)
        .join(tickets, tickets.c.id == stale_judgements.c.ticket_id)
        .where(tickets.c.project == asked.project)
    )
    other = select(judged_tickets.c.ticket_id).where(_by_another(asked.project, asked.measure))
    missed = select(c.ticket_id).where(
        c.project == asked.project,
        c.measure == asked.measure,
        c.decided_at.is_(None),
        c.breached_from <= asked.now,
        c.due_at >= asked.period.since,
        c.due_at < asked.period.until,
    )
    return union(stale, other, missed)


def _by_another(project: str, measure: str) -> ColumnElement[bool]:
    # Two ranges of the index, both empty as a rule; "unlike" would go through all of it.
    kept = judged_tickets.c.measure
    return and_(judged_tickets.c.project == project, or_(kept < measure, kept > measure))


def _values(ticket_id: int, judged: Judgement, line: LedgerLine) -> dict[str, Any]:
    return {
        **{name: getattr(line, name) for name in LedgerLine.__dataclass_fields__},
        "ticket_id": ticket_id,
        "project": judged.project,
        "measure": judged.measure,
        "miss": None if line.miss is None else miss_as_json(line.miss),
    }
