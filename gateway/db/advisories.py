"""Advisories, and the ticket of each project that one concerns. The steps are in those tickets' histories."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, Text, insert, select

from gateway.db.tickets import tickets
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

advisories = Table(
    "advisories",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", String(80), nullable=False, unique=True),
    Column("title", String(200), nullable=False),
    Column("touches", Text, nullable=False),
    Column("danger", String(12), nullable=False),
    Column("author_id", ForeignKey("people.id"), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
)

advisory_tickets = Table(
    "advisory_tickets",
    metadata,
    Column("advisory_id", ForeignKey("advisories.id", ondelete="CASCADE"), primary_key=True),
    Column("project", String(10), primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False, unique=True),
)


@dataclass(frozen=True, kw_only=True)
class NewAdvisory:
    """An advisory to write down. `touches` is what it concerns, `danger` a word of `advisory.Danger`."""

    reference: str
    title: str
    touches: str
    danger: str


@dataclass(frozen=True, kw_only=True)
class Advisory(NewAdvisory):
    """An advisory on record."""

    id: int
    author_id: int
    opened_at: datetime


def add_advisory(connection: Connection, new: NewAdvisory, *, author_id: int, now: datetime) -> Advisory:
    """Write an advisory down. Raises IntegrityError where somebody else just did."""
    values = {name: getattr(new, name) for name in NewAdvisory.__dataclass_fields__}
    values |= {"author_id": author_id, "opened_at": now}
    row = connection.execute(insert(advisories).values(**values).returning(*advisories.c)).one()
    return Advisory(**row._mapping)


def find_advisory(connection: Connection, reference: str) -> Advisory | None:
    """The advisory with this reference, locked for this transaction."""
    query = select(advisories).where(advisories.c.reference == reference).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else Advisory(**row._mapping)


def find_advisory_of_ticket(connection: Connection, ticket_id: int) -> Advisory | None:
    """The advisory that a ticket is about."""
    query = select(advisories).join(advisory_tickets, advisory_tickets.c.advisory_id == advisories.c.id)
    row = connection.execute(query.where(advisory_tickets.c.ticket_id == ticket_id)).one_or_none()
    return None if row is None else Advisory(**row._mapping)


def list_advisories(connection: Connection) -> list[Advisory]:
    """Every advisory, the newest first."""
    query = select(advisories).order_by(advisories.c.opened_at.desc(), advisories.c.id.desc())
    return [Advisory(**row._mapping) for row in connection.execute(query)]


def add_advisory_ticket(connection: Connection, advisory_id: int, *, project: str, ticket_id: int) -> bool:
    """Let a ticket be the project's for this advisory. False where the project has one."""
    return insert_ignoring_duplicates(
        connection, advisory_tickets, advisory_id=advisory_id, project=project, ticket_id=ticket_id
    )


def list_advisory_tickets(connection: Connection, advisory_id: int) -> dict[str, str]:
    """The references of an advisory's tickets, by project key."""
    query = (
        select(advisory_tickets.c.project, tickets.c.ref)
        .join(tickets, tickets.c.id == advisory_tickets.c.ticket_id)
        .where(advisory_tickets.c.advisory_id == advisory_id)
        .order_by(advisory_tickets.c.project)
    )
    return {row.project: row.ref for row in connection.execute(query)}
