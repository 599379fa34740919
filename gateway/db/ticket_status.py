"""Moving a ticket's row to another state. The history of it is `ticket_events`, the rules `domain.change`."""

from datetime import datetime

from sqlalchemy import Connection, update

from gateway.db.tickets import tickets
from gateway.domain.ticket import Severity, Status


def set_status(connection: Connection, ticket_id: int, status: Status, *, now: datetime) -> None:
    """Put a ticket into a state; `closed_at` is kept in step."""
    closed_at = now if status is Status.CLOSED else None
    values = {"status": status, "closed_at": closed_at, "updated_at": now}
    connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(**values))


def set_severity(connection: Connection, ticket_id: int, severity: Severity) -> None:
    """Give a ticket that was just created the severity that its reporter names."""
    connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(severity=severity))
