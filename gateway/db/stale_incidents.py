"""Letting the tick work out anew when the clocks of a whole project's incidents warn."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from gateway.db.clock_marks import stale_clocks
from gateway.db.tickets import tickets
from gateway.domain.rights import WORKED_ON


def make_incidents_stale(connection: Connection, projects: Collection[str]) -> None:
    """Every incident of these projects (keys) that is worked on; those that wait for the tick already stay once."""
    incidents = select(tickets.c.id).where(
        tickets.c.project.in_(projects),
        tickets.c.severity.is_not(None),
        tickets.c.status.in_(list(WORKED_ON)),
        tickets.c.id.not_in(select(stale_clocks.c.ticket_id)),
    )
    connection.execute(stale_clocks.insert().from_select(["ticket_id"], incidents))
