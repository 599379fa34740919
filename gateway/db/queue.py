"""The agents' queue: what is worked on, what is due first before everything else.

`tickets.due_at` is when the next of a ticket's running clocks is due, kept by the tick of the clocks, and `NEVER`
where nothing is promised or nothing runs; an index holds the tickets that are worked on in the order of the queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Index, Row, bindparam, false, or_, select, text, update

from gateway.db.callbacks import OPEN_STATES, callback_requests
from gateway.db.people import people
from gateway.db.scope import Scope, sees_ticket
from gateway.db.tickets import tickets
from gateway.domain.ticket import Kind, Level, Severity, Status

NEVER = datetime(9999, 1, 1, tzinfo=UTC)

# Written out, and not as values: the index serves a query only where the database can see that they are the same.
_WORKED_ON = text("tickets.status IN ('new', 'open', 'pending')")
Index(
    "ix_tickets_queue",
    tickets.c.due_at,
    tickets.c.created_at,
    tickets.c.id,
    sqlite_where=_WORKED_ON,
    postgresql_where=_WORKED_ON,
)

_STORE = (
    update(tickets)
    .where(tickets.c.id == bindparam("ticket"), tickets.c.due_at != bindparam("due"))
    .values(due_at=bindparam("due"))
)
_HAS_CALLBACK = (
    select(callback_requests.c.id)
    .where(callback_requests.c.ticket_id == tickets.c.id, callback_requests.c.state.in_(OPEN_STATES))
    .exists()
)


@dataclass(frozen=True, kw_only=True)
class QueueFilter:
    """What of the queue is asked for; what is not said leaves everything.

    `teams` are levels by project: what is before one of them. `assignee_id` is who has it, `is_unassigned` nobody.
    `is_waiting` is for the reporter's answer, `overdue_at` the moment by which it was due, `is_to_call` for a call
    back.
    """

    teams: Mapping[str, frozenset[Level]] | None = None
    level: Level | None = None
    assignee_id: int | None = None
    is_unassigned: bool = False
    project: str | None = None
    severity: Severity | None = None
    kind: Kind | None = None
    is_waiting: bool = False
    overdue_at: datetime | None = None
    is_to_call: bool = False


@dataclass(frozen=True, kw_only=True)
class QueueItem:
    """A line of the queue. `assignee` is empty where nobody has it; `due_at` None where nothing is due."""

    id: int
    ref: str
    project: str
    subject: str
    kind: str
    severity: str | None
    status: str
    level: str
    reporter: str
    assignee: str
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    is_to_call: bool


def list_queue(
    connection: Connection, scope: Scope, wanted: QueueFilter, *, limit: int, offset: int = 0
) -> list[QueueItem]:
    """The tickets of the scope that somebody works on: what is due first, then what nothing is promised for, oldest
    first."""
    reporter, assignee = people.alias(), people.alias()
    query = (
        select(
            tickets,
            reporter.c.email.label("reporter"),
            reporter.c.name.label("reporter_name"),
            assignee.c.email.label("assignee"),
            assignee.c.name.label("assignee_name"),
            _HAS_CALLBACK.label("is_to_call"),
        )
        .join(reporter, reporter.c.id == tickets.c.reporter_id)
        .outerjoin(assignee, assignee.c.id == tickets.c.assignee_id)
        .where(_WORKED_ON, sees_ticket(scope), *_conditions(wanted))
        .order_by(tickets.c.due_at, tickets.c.created_at, tickets.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [_item(row) for row in connection.execute(query)]


def store_dues(connection: Connection, dues: Mapping[int, datetime | None]) -> None:
    """Keep when tickets are due next, by ticket id; None where nothing is."""
    if dues:
        connection.execute(_STORE, [{"ticket": ident, "due": due or NEVER} for ident, due in dues.items()])


def _conditions(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    asked: list[tuple[bool, ColumnElement[bool]]] = [
        (wanted.teams is not None, _before(wanted.teams or {})),
        (wanted.level is not None, tickets.c.level == wanted.level),
        (wanted.assignee_id is not None, tickets.c.assignee_id == wanted.assignee_id),
        (wanted.is_unassigned, tickets.c.assignee_id.is_(None)),
        (wanted.project is not None, tickets.c.project == wanted.project),
        (wanted.severity is not None, tickets.c.severity == wanted.severity),
        (wanted.kind is not None, tickets.c.kind == wanted.kind),
        (wanted.is_waiting, tickets.c.status == Status.PENDING),
        (wanted.overdue_at is not None, tickets.c.due_at < (wanted.overdue_at or NEVER)),
        (wanted.is_to_call, _HAS_CALLBACK),
    ]
    return [condition for is_asked, condition in asked if is_asked]


def _before(teams: Mapping[str, frozenset[Level]]) -> ColumnElement[bool]:
    return or_(
        false(),
        *(
            (tickets.c.project == project) & tickets.c.level.in_(sorted(levels))
            for project, levels in sorted(teams.items())
        ),
    )


def _item(row: Row[Any]) -> QueueItem:
    return QueueItem(
        id=row.id,
        ref=row.ref,
        project=row.project,
        subject=row.subject,
        kind=row.kind,
        severity=row.severity,
        status=row.status,
        level=row.level,
        reporter=row.reporter_name or row.reporter,
        assignee=row.assignee_name or row.assignee or "",
        created_at=row.created_at,
        updated_at=row.updated_at,
        due_at=None if row.due_at >= NEVER else row.due_at,
        is_to_call=bool(row.is_to_call),
    )
