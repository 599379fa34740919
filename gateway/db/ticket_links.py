"""Tickets that have to do with each other, whichever of the two one looks from."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Table, or_, select

from gateway.db.tickets import Ticket, tickets
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

ticket_links = Table(
    "ticket_links",
    metadata,
    Column("first_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("second_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("linked_at", UtcDateTime, nullable=False),
    Column("author_id", ForeignKey("people.id"), nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class Relations:
    """The references of the tickets around one: linked to it, merged into it, what it is merged into or follows."""

    links: tuple[str, ...]
    merged: tuple[str, ...]
    merged_into: str | None
    follows: str | None


def link(connection: Connection, one_id: int, other_id: int, *, author_id: int, now: datetime) -> bool:
    """Link two tickets. False where they are linked already."""
    first, second = sorted((one_id, other_id))
    return insert_ignoring_duplicates(
        connection, ticket_links, first_id=first, second_id=second, author_id=author_id, linked_at=now
    )


def find_relations(connection: Connection, ticket: Ticket) -> Relations:
    """What is around a ticket, in the order in which those tickets were created."""
    others = [
        first if second == ticket.id else second
        for first, second in connection.execute(
            select(ticket_links.c.first_id, ticket_links.c.second_id).where(
                or_(ticket_links.c.first_id == ticket.id, ticket_links.c.second_id == ticket.id)
            )
        )
    ]
    named = [ident for ident in (ticket.merged_into_id, ticket.follows_id) if ident is not None]
    query = (
        select(tickets.c.id, tickets.c.ref, tickets.c.merged_into_id)
        .where(or_(tickets.c.id.in_([*others, *named]), tickets.c.merged_into_id == ticket.id))
        .order_by(tickets.c.id)
    )
    rows = list(connection.execute(query))
    refs = {row.id: str(row.ref) for row in rows}
    return Relations(
        links=tuple(refs[row.id] for row in rows if row.id in others),
        merged=tuple(refs[row.id] for row in rows if row.merged_into_id == ticket.id),
        merged_into=None if ticket.merged_into_id is None else refs[ticket.merged_into_id],
        follows=None if ticket.follows_id is None else refs[ticket.follows_id],
    )
