"""What a ticket's timeline says about a mail that could not be delivered: for agents, never for the reporter."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.db.outbox import Delivery
from gateway.db.tickets import NewEntry, add_entry
from gateway.domain.ticket import Direction, EntryType, Language

_AUTHOR = "gateway"
_SENTENCE = {
    Language.FR: "Un e-mail de ce ticket n'a pas pu être remis ({notice}, tentative {attempts}) : {error}",
    Language.EN: "A mail about this ticket could not be delivered ({notice}, attempt {attempts}): {error}",
}


def write_failure(connection: Connection, delivery: Delivery, *, error: str, lang: Language, now: datetime) -> None:
    """Write the final failure of a ticket's mail on its timeline; nothing for a mail that is about no ticket."""
    if delivery.ticket_id is None:
        return
    text = _SENTENCE[lang].format(notice=delivery.notice, attempts=delivery.attempts, error=error)
    entry = NewEntry(
        at=now,
        type=EntryType.SYSTEM,
        direction=Direction.INTERNAL,
        author=_AUTHOR,
        text=text,
        visible=False,
        data={"event": "delivery_failed", "delivery_id": delivery.id, "person_id": delivery.person_id},
    )
    add_entry(connection, delivery.ticket_id, entry)
