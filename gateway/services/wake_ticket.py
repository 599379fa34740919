"""A ticket that was waiting or at its end goes on, because somebody wrote."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.db.ticket_events import begin_history, record_event
from gateway.db.ticket_status import set_status
from gateway.db.tickets import NewEntry, Ticket, add_entry
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.joining import Joining
from gateway.domain.ticket import Direction, EntryType, Language, Status

REOPENED = "reopened"
_SENTENCE = {
    Joining.REOPEN: {
        Language.FR: "Le ticket est rouvert par une réponse.",
        Language.EN: "The ticket was reopened by an answer.",
    },
    Joining.RESUME: {
        Language.FR: "La réponse attendue est arrivée : le travail reprend.",
        Language.EN: "The answer that was waited for has come: work goes on.",
    },
}


def wake_ticket(connection: Connection, ticket: Ticket, *, joining: Joining, author: str, now: datetime) -> None:
    """Set the ticket to open again, with a line on its timeline and in its history. `author` is who wrote."""
    begin_history(connection, ticket)
    woken = TicketEvent(type=EventType.STATUS, at=now, by=By.REPORTER, author=author, value=Status.OPEN)
    record_event(connection, ticket.id, woken)
    set_status(connection, ticket.id, Status.OPEN, now=now)
    entry = NewEntry(
        at=now,
        type=EntryType.SYSTEM,
        direction=Direction.INTERNAL,
        author="gateway",
        text=_SENTENCE[joining][ticket.lang],
        visible=False,
        data={"event": REOPENED if joining is Joining.REOPEN else "resumed", "was": ticket.status},
    )
    add_entry(connection, ticket.id, entry)
