"""Many tickets at once, as the services leave them, and many of anything else."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Table, insert, select

from gateway.db.clock_marks import stale_clocks
from gateway.db.people import get_or_create_person
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import tickets


def add_incidents(connection: Connection, number: int, *, begun: datetime, first: int = 0) -> None:
    """Blocking incidents of one reporter, new since `begun`; the tick has not seen them."""
    person = get_or_create_person(connection, email="many@client.example", name="", now=begun)
    last = connection.execute(select(tickets.c.id).order_by(tickets.c.id.desc()).limit(1)).scalar() or 0
    plain = {"project": "DEMO", "subject": "Panne", "status": "new", "level": "N1", "lang": "fr"}
    incident = {"kind": "corrective", "severity": "blocking", "created_at": begun, "updated_at": begun}
    rows = [
        {**plain, **incident, "ref": f"DEMO-{100_000 + one}", "reporter_id": person.id}
        for one in range(first, first + number)
    ]
    connection.execute(insert(tickets), rows)
    ids = list(connection.execute(select(tickets.c.id).where(tickets.c.id > last)).scalars())
    told = [("created", ""), ("kind", "corrective"), ("severity", "blocking")]
    event = {"at": begun, "by": "gateway", "author": "", "reason": "", "details": {}}
    connection.execute(
        insert(ticket_events),
        [{**event, "ticket_id": one, "type": kind, "value": value} for one in ids for kind, value in told],
    )
    connection.execute(insert(stale_clocks), [{"ticket_id": one} for one in ids])


def multiply(connection: Connection, table: Table, number: int, **unique: Callable[[int], str]) -> None:
    """Add so many copies of a table's one row; `unique` makes the columns of which there are no two alike."""
    row = {key: value for key, value in connection.execute(select(table)).one()._mapping.items() if key != "id"}
    rows = [row | {key: make(one) for key, make in unique.items()} for one in range(number)]
    connection.execute(insert(table), rows)
