"""All tables, for whoever needs the whole schema: migrations and their tests."""

from gateway.db import outbox, people, receipts, sign_in, tickets
from gateway.db.types import metadata

__all__ = ["metadata", "outbox", "people", "receipts", "sign_in", "tickets"]
