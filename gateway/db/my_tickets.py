"""The tickets that a person follows on the pages, page by page, and where they have reported before."""

from sqlalchemy import Connection, select, union

from gateway.db.scope import Scope, ways_to_see
from gateway.db.tickets import Ticket, select_tickets, ticket_of, tickets


def list_followed(connection: Connection, scope: Scope, *, limit: int, offset: int = 0) -> list[Ticket]:
    """The tickets of the scope, the one that moved last first.

    Somebody may follow tens of thousands: which of them are on the page is found in an index alone, for each way to see
    a ticket by itself, and only those of the page are read.
    """
    order = (tickets.c.updated_at.desc(), tickets.c.id.desc())
    ways = [
        select(tickets.c.id, tickets.c.updated_at).where(way).order_by(*order).limit(offset + limit).subquery()
        for way in ways_to_see(scope)
    ]
    if not ways:
        return []
    seen = union(*(select(way.c.id, way.c.updated_at) for way in ways)).subquery()
    page = select(seen.c.id).order_by(seen.c.updated_at.desc(), seen.c.id.desc()).limit(limit).offset(offset)
    ids = list(connection.execute(page).scalars())
    query = select_tickets().where(tickets.c.id.in_(ids)).order_by(*order)
    return [ticket_of(row) for row in connection.execute(query)]


def reported_projects(connection: Connection, person_id: int) -> set[str]:
    """The projects in which a person has a ticket of their own."""
    return set(connection.scalars(select(tickets.c.project).where(tickets.c.reporter_id == person_id).distinct()))
