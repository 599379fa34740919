"""All tables, for whoever needs the whole schema: migrations and their tests."""

from gateway.db import (
    callbacks,
    calls,
    clock_calls,
    clock_marks,
    contract_versions,
    daily_counts,
    hotline,
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
    "callbacks",
    "calls",
    "clock_calls",
    "clock_marks",
    "contract_versions",
    "daily_counts",
    "hotline",
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
