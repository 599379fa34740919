"""All tables, for whoever needs the whole schema: migrations and their tests."""

from gateway.db import (
    clock_marks,
    daily_counts,
    mailboxes,
    outbox,
    participants,
    people,
    receipts,
    sign_in,
    suppressions,
    ticket_events,
    tickets,
)
from gateway.db.types import metadata

__all__ = [
    "clock_marks",
    "daily_counts",
    "mailboxes",
    "metadata",
    "outbox",
    "participants",
    "people",
    "receipts",
    "sign_in",
    "suppressions",
    "ticket_events",
    "tickets",
]
