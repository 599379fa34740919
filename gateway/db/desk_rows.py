"""What the desk shows beside a ticket's timeline: the mails that told of it, the decisions about it, its team."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, func, or_, select

from gateway.db.outbox import deliveries
from gateway.db.people import memberships, people
from gateway.db.receipts import receipts
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import entries
from gateway.domain.project import Project
from gateway.domain.ticket import Role


def deliveries_of(connection: Connection, ticket_id: int, shown: Collection[int]) -> list[Row[Any]]:
    """The mails about a ticket that tell of these entries or of none, oldest first, with how they fare."""
    columns = ("entry_id", "notice", "recipient", "state", "attempts", "created_at", "sent_at", "last_error")
    query = select(*(deliveries.c[name] for name in columns)).where(deliveries.c.ticket_id == ticket_id)
    return list(connection.execute(query.where(_of(deliveries, shown)).order_by(deliveries.c.id)))


def decisions_of(connection: Connection, ticket_id: int, shown: Collection[int]) -> list[Row[Any]]:
    """What was decided about the mails of these entries of a ticket, or of none of its entries, as
    `entry_id, spool_id, reason, trace`."""
    columns = (receipts.c.entry_id, receipts.c.spool_id, receipts.c.verdict, receipts.c.reason, receipts.c.trace)
    query = select(*columns).where(receipts.c.ticket_id == ticket_id, _of(receipts, shown))
    return list(connection.execute(query.order_by(receipts.c.id)))


def _of(table: Table, shown: Collection[int]) -> ColumnElement[bool]:
    return or_(table.c.entry_id.is_(None), table.c.entry_id.in_(sorted(shown)))


def version_of(connection: Connection, ticket_id: int) -> tuple[int, int]:
    """The newest entry and the newest event of a ticket: a form that was made from them knows no later ones."""
    entry = select(func.coalesce(func.max(entries.c.id), 0)).where(entries.c.ticket_id == ticket_id)
    event = select(func.coalesce(func.max(ticket_events.c.id), 0)).where(ticket_events.c.ticket_id == ticket_id)
    return int(connection.execute(entry).scalar_one()), int(connection.execute(event).scalar_one())


def events_since(connection: Connection, ticket_id: int, event_id: int) -> list[Row[Any]]:
    """What happened to a ticket after this event, as rows of `ticket_events`."""
    later = (ticket_events.c.ticket_id == ticket_id) & (ticket_events.c.id > event_id)
    return list(connection.execute(select(ticket_events).where(later).order_by(ticket_events.c.id)))


def agents_with(connection: Connection, project: Project, roles: frozenset[Role]) -> list[str]:
    """The addresses of everybody who has one of these roles, by the database or by the configured teams."""
    query = (
        select(people.c.email)
        .join(memberships, memberships.c.person_id == people.c.id)
        .where(memberships.c.project == project.key, memberships.c.role.in_(sorted(roles)))
    )
    configured = (email for role, members in project.teams if role in roles for email in members)
    return sorted({*connection.execute(query).scalars(), *configured})
