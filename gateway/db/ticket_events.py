"""The history of tickets: what happened, in rows that are written once and never changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, Row, String, Table, Text, insert, select

from gateway.db.chunks import in_chunks
from gateway.db.clock_marks import make_stale
from gateway.db.contract_versions import list_versions
from gateway.db.tickets import Ticket, project_of, tickets
from gateway.db.types import Json, UtcDateTime, metadata
from gateway.db.webhooks import has_hooks, note_facts
from gateway.domain.events import By, EventType, Standing, TicketEvent, beginning, whole_history, with_contracts
from gateway.domain.hooks import facts_of
from gateway.domain.ticket import Kind, Level, Severity, Status

ticket_events = Table(
    "ticket_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("type", String(16), nullable=False),
    Column("by", String(8), nullable=False),
    Column("author", String(254), nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", Json, nullable=False),
)


def record_event(connection: Connection, ticket_id: int, event: TicketEvent) -> None:
    """Add what happened to a ticket's history, in the transaction in which it happens.

    Whoever changes a ticket's row without going through `services.change_ticket` records it so. The first event of a
    ticket that has none should come after `begin_history`, or its beginning is told as the row stands by then. The
    tick then works out anew when the ticket's clocks warn.
    """
    record_events(connection, ticket_id, [event])


def record_events(connection: Connection, ticket_id: int, events: Sequence[TicketEvent]) -> None:
    """The same for what happens at once, in order."""
    if not events:
        return
    connection.execute(insert(ticket_events), [_values(ticket_id, event) for event in events])
    if any(event.type is not EventType.CREATED for event in events):  # nothing is promised for a plain request
        make_stale(connection, ticket_id)
    if has_hooks(connection):
        note_facts(connection, ticket_id, facts_of(events), project=project_of(connection, ticket_id))


def begin_history(connection: Connection, ticket: Ticket) -> None:
    """Write down how a ticket began, where nothing is on record yet: as its row stands now, before it changes."""
    known = select(ticket_events.c.id).where(ticket_events.c.ticket_id == ticket.id).limit(1)
    if connection.execute(known).first() is None:
        rows = [_values(ticket.id, event) for event in beginning(standing_of(ticket))]
        connection.execute(insert(ticket_events), rows)


def history_of(connection: Connection, ticket: Ticket) -> list[TicketEvent]:
    """The whole history of a ticket, oldest first."""
    return histories_of(connection, {ticket.id: standing_of(ticket)})[ticket.id]


def histories_of(connection: Connection, standings: Mapping[int, Standing]) -> dict[int, list[TicketEvent]]:
    """The whole histories of many tickets, by ticket id."""
    stored: dict[int, list[TicketEvent]] = {ticket_id: [] for ticket_id in standings}
    for ids in in_chunks(standings):
        query = select(ticket_events).where(ticket_events.c.ticket_id.in_(ids)).order_by(ticket_events.c.id)
        for row in connection.execute(query):
            stored[row.ticket_id].append(_event(row))
    contracts = {
        project: [(version.since, json.dumps(version.terms, sort_keys=True)) for version in versions]
        for project, versions in list_versions(connection).items()
    }
    return {
        ticket_id: with_contracts(whole_history(stored[ticket_id], standing), contracts.get(standing.project, []))
        for ticket_id, standing in standings.items()
    }


def find_standings(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[str, Standing]]:
    """The project of each of these tickets, and where it stands by its row."""
    found = {}
    for chunk in in_chunks(ids):
        for row in connection.execute(select(tickets).where(tickets.c.id.in_(chunk))):
            found[row.id] = row.project, standing_of(row)
    return found


def standing_of(ticket: Ticket | Row[Any]) -> Standing:
    """Where a ticket stands by its row."""
    return Standing(
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        kind=Kind(ticket.kind),
        severity=Severity(ticket.severity) if ticket.severity else None,
        status=Status(ticket.status),
        level=Level(ticket.level),
        project=ticket.project,
    )


def _values(ticket_id: int, event: TicketEvent) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "at": event.at,
        "type": event.type,
        "by": event.by,
        "author": event.author,
        "value": event.value,
        "reason": event.reason,
        "details": dict(event.details),
    }


def _event(row: Row[Any]) -> TicketEvent:
    return TicketEvent(
        type=EventType(row.type),
        at=row.at,
        by=By(row.by),
        author=row.author,
        value=row.value,
        reason=row.reason,
        details=tuple(row.details.items()),
    )
