"""A failure report came back for a mail of ours: the ticket's agents see it, the reporter does not."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.db.outbox import Delivery
from gateway.db.tickets import NewEntry, add_entry
from gateway.domain.ticket import Direction, EntryType


def record_failure_report(connection: Connection, delivery: Delivery, *, at: datetime, raw_sha256: str) -> None:
    """Write the report onto the timeline of the delivery's ticket; nothing for a mail without one."""
    if delivery.ticket_id is None:
        return
    add_entry(
        connection,
        delivery.ticket_id,
        NewEntry(
            at=at,
            type=EntryType.SYSTEM,
            direction=Direction.INTERNAL,
            author="",
            text=f"A report about the mail {delivery.notice} to this person came back.",
            visible=False,
            raw_sha256=raw_sha256,
            data={"event": "delivery.reported", "delivery_id": delivery.id},
        ),
    )
