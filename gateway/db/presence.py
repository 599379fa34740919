"""Who looks at a ticket at the moment, so that two agents see each other before they work on the same thing."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, ForeignKey, Table, case, delete, select

from gateway.db.people import people
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import maker_of

SEEN_FOR = timedelta(minutes=10)
"""For so long somebody who opened a ticket counts as looking at it; without a script nobody says that they left."""

ticket_presences = Table(
    "ticket_presences",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("since", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)


def look_at(connection: Connection, ticket_id: int, *, person_id: int, now: datetime) -> list[tuple[str, datetime]]:
    """Note that a person looks at a ticket, and return who else does: name or address, and since when.

    Whoever comes back within `SEEN_FOR` never left. Rows that are older than that are dropped on the way.
    """
    gone = ticket_presences.c.seen_at < now - SEEN_FOR
    connection.execute(delete(ticket_presences).where(gone, ticket_presences.c.ticket_id == ticket_id))
    connection.execute(delete(ticket_presences).where(gone, ticket_presences.c.person_id == person_id))
    values = {"ticket_id": ticket_id, "person_id": person_id, "since": now, "seen_at": now}
    statement = maker_of(connection.dialect.name)(ticket_presences).values(**values)
    keys = ["ticket_id", "person_id"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_={"seen_at": now}))
    name = case((people.c.name == "", people.c.email), else_=people.c.name)
    others = (
        select(name, ticket_presences.c.since)
        .join(people, people.c.id == ticket_presences.c.person_id)
        .where(ticket_presences.c.ticket_id == ticket_id, ticket_presences.c.person_id != person_id)
        .order_by(ticket_presences.c.since)
    )
    return [(row[0], row[1]) for row in connection.execute(others)]


def leave(connection: Connection, ticket_id: int, *, person_id: int) -> None:
    """Note that a person has done with a ticket."""
    mine = (ticket_presences.c.ticket_id == ticket_id) & (ticket_presences.c.person_id == person_id)
    connection.execute(delete(ticket_presences).where(mine))
