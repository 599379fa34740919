"""Facts of a ticket's past that decisions about its mail need."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from gateway.db.people import people
from gateway.db.tickets import Ticket, entries, find_ticket, tickets
from gateway.domain.ticket import EntryType

MAX_HOPS = 20


def follow_merges(connection: Connection, ticket_id: int) -> Ticket | None:
    """The ticket that survived after any merges; None where they run in a ring or the ticket is gone."""
    ticket = find_ticket(connection, ticket_id=ticket_id)
    for _ in range(MAX_HOPS):
        if ticket is None or ticket.merged_into_id is None:
            return ticket
        ticket = find_ticket(connection, ticket_id=ticket.merged_into_id)
    return None


def count_reopenings(connection: Connection, ticket_id: int, *, now: datetime) -> int:
    """How often a ticket was reopened by mail within the last hour."""
    query = select(entries.c.data).where(
        entries.c.ticket_id == ticket_id,
        entries.c.type == EntryType.SYSTEM,
        entries.c.at > now - timedelta(hours=1),
    )
    return sum(data.get("event") == "reopened" for data in connection.execute(query).scalars())


def burst_ticket(connection: Connection, *, reporter: str, project: str, now: datetime, most: int) -> int | None:
    """The first of the tickets that this address began within a minute, where there are `most` already."""
    query = (
        select(tickets.c.id)
        .join(people, people.c.id == tickets.c.reporter_id)
        .where(
            people.c.email == reporter,
            tickets.c.project == project,
            tickets.c.created_at > now - timedelta(minutes=1),
        )
        .order_by(tickets.c.created_at, tickets.c.id)
        .limit(most)
    )
    found = list(connection.execute(query).scalars())
    return found[0] if len(found) >= most else None
