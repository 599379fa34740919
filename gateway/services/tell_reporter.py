"""What happens between tickets: told to a reporter, and noted for agents."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.db.people import Person
from gateway.db.tickets import NewEntry, Ticket, add_entry
from gateway.domain.telling import Happening
from gateway.domain.ticket import Direction, EntryType
from gateway.runtime import Runtime
from gateway.services.tell_people import tell_people


def tell_happening(
    connection: Connection, runtime: Runtime, *, ticket: Ticket, doer: Person, what: str, value: str, now: datetime
) -> None:
    """Put something that is no change of the ticket's own onto its timeline, and tell the reporter of it."""
    told = {"what": what, "value": value, "at": now.isoformat()}
    tell_people(connection, runtime, ticket, Happening.STEP, changes=[told], by=doer)


def note_happening(
    connection: Connection, *, ticket: Ticket, doer: Person, text: str, event: str, now: datetime, **data: object
) -> int:
    """Put a line for agents onto a ticket's timeline and return its id; `event` and `data` say it to programs."""
    entry = NewEntry(
        at=now,
        type=EntryType.SYSTEM,
        direction=Direction.INTERNAL,
        author_id=doer.id,
        author=doer.email,
        text=text,
        visible=False,
        data={"event": event, **data},
    )
    return add_entry(connection, ticket.id, entry)
