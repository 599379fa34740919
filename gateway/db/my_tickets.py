"""The tickets that a person follows on the pages, page by page, and where they have reported before."""

from sqlalchemy import Connection, select

from gateway.db.scope import Scope, newest_first
from gateway.db.tickets import Ticket, select_tickets, ticket_of, tickets


def list_followed(connection: Connection, scope: Scope, *, limit: int, offset: int = 0) -> list[Ticket]:
    """The tickets of the scope, the one that moved last first. Only those of the page are read."""
    ids = list(connection.execute(newest_first(scope, limit=limit, offset=offset)).scalars())
    query = select_tickets().where(tickets.c.id.in_(ids))
    ordered = query.order_by(tickets.c.updated_at.desc(), tickets.c.id.desc())
    return [ticket_of(row) for row in connection.execute(ordered)]


def reported_projects(connection: Connection, person_id: int) -> set[str]:
    """The projects in which a person has a ticket of their own."""
    return set(connection.scalars(select(tickets.c.project).where(tickets.c.reporter_id == person_id).distinct()))
