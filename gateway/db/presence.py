"""Who looks at a ticket at the moment, so that two agents see each other before they work on the same thing."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, ForeignKey, Table, case, delete, select

from gateway.db.people import people
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import maker_of

SEEN_FOR = timedelta(minutes=10)
"""For so long somebody who opened a ticket counts as looking at it; without a script nobody says that they left."""
NOTED_FOR = timedelta(minutes=1)
"""For so long a note is as good as new: whoever turns pages of a ticket does not have the disk written to for each."""

ticket_presences = Table(
    "ticket_presences",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("since", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)


def is_noted(connection: Connection, ticket_id: int, *, person_id: int, now: datetime) -> bool:
    """Whether it was noted within `NOTED_FOR` that this person looks at the ticket, so that it need not be again."""
    query = select(ticket_presences.c.seen_at).where(
        ticket_presences.c.ticket_id == ticket_id, ticket_presences.c.person_id == person_id
    )
    seen_at = connection.scalar(query)
    return seen_at is not None and seen_at > now - NOTED_FOR


def note_look(connection: Connection, ticket_id: int, *, person_id: int, now: datetime) -> None:
    """Note that a person looks at a ticket. Whoever comes back within `SEEN_FOR` never left; what of this ticket and
    this person is older is dropped on the way."""
    gone = ticket_presences.c.seen_at < now - SEEN_FOR
    connection.execute(delete(ticket_presences).where(gone, ticket_presences.c.ticket_id == ticket_id))
    connection.execute(delete(ticket_presences).where(gone, ticket_presences.c.person_id == person_id))
    values = {"ticket_id": ticket_id, "person_id": person_id, "since": now, "seen_at": now}
    statement = maker_of(connection.dialect.name)(ticket_presences).values(**values)
    keys = ["ticket_id", "person_id"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_={"seen_at": now}))


def others_at(connection: Connection, ticket_id: int, *, person_id: int, now: datetime) -> list[tuple[str, datetime]]:
    """Who else looks at a ticket: name or address, and since when."""
    name = case((people.c.name == "", people.c.email), else_=people.c.name)
    others = (
        select(name, ticket_presences.c.since)
        .join(people, people.c.id == ticket_presences.c.person_id)
        .where(ticket_presences.c.ticket_id == ticket_id, ticket_presences.c.person_id != person_id)
        .where(ticket_presences.c.seen_at >= now - SEEN_FOR)
        .order_by(ticket_presences.c.since)
    )
    return [(row[0], row[1]) for row in connection.execute(others)]


def leave(connection: Connection, ticket_id: int, *, person_id: int) -> None:
    """Note that a person has done with a ticket."""
    mine = (ticket_presences.c.ticket_id == ticket_id) & (ticket_presences.c.person_id == person_id)
    connection.execute(delete(ticket_presences).where(mine))
