"""Tickets page by page, each page beginning where the one before ended, however much has moved meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from gateway.db.scope import Scope, reads_entry, sees_ticket
from gateway.db.tickets import Ticket, entries, select_tickets, ticket_of, tickets
from gateway.domain.ticket import Kind, Level, Severity, Status


@dataclass(frozen=True, kw_only=True)
class TicketFilter:
    """Which tickets are asked for; what is not said leaves everything. `since` is the moment from which they moved."""

    project: str | None = None
    status: Status | None = None
    level: Level | None = None
    severity: Severity | None = None
    kind: Kind | None = None
    assignee_id: int | None = None
    is_unassigned: bool = False
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page ended: when its last ticket had moved, and its id."""

    moved_at: datetime
    ticket_id: int


def list_page(
    connection: Connection, scope: Scope, wanted: TicketFilter, *, after: Place | None, limit: int
) -> list[Ticket]:
    """Tickets of the scope, the one that moved last first; those after a place."""
    query = select_tickets().where(sees_ticket(scope), *_conditions(wanted, after))
    ordered = query.order_by(tickets.c.updated_at.desc(), tickets.c.id.desc()).limit(limit)
    return [ticket_of(row) for row in connection.execute(ordered)]


def seen_refs(connection: Connection, scope: Scope, refs: set[str]) -> set[str]:
    """Those of these references whose tickets are in the scope."""
    query = select(tickets.c.ref).where(tickets.c.ref.in_(sorted(refs)), sees_ticket(scope))
    return set(connection.scalars(query))


def count_read(connection: Connection, scope: Scope, ids: Sequence[int]) -> dict[int, int]:
    """How many entries of these tickets are read in the scope, by ticket; no key where there are none."""
    query = (
        select(entries.c.ticket_id, func.count())
        .join(tickets, tickets.c.id == entries.c.ticket_id)
        .where(entries.c.ticket_id.in_(ids), reads_entry(scope))
        .group_by(entries.c.ticket_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _conditions(wanted: TicketFilter, after: Place | None) -> list[ColumnElement[bool]]:
    moved = tickets.c.updated_at
    named = ("project", "status", "level", "severity", "kind", "assignee_id")
    values: dict[str, Any] = {name: getattr(wanted, name) for name in named}
    found = [tickets.c[name] == value for name, value in values.items() if value is not None]
    if wanted.is_unassigned:
        found.append(tickets.c.assignee_id.is_(None))
    if wanted.since is not None:
        found.append(moved >= wanted.since)
    if after is not None:
        same = and_(moved == after.moved_at, tickets.c.id < after.ticket_id)
        found.append(or_(moved < after.moved_at, same))
    return found
