"""All that calls leave behind in the database, to be compared."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from gateway.db.call_texts import call_texts
from gateway.db.callbacks import callback_requests
from gateway.db.calls import CallKey, call_messages, calls
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import entries
from gateway.domain.call import CallEvent
from gateway.runtime import Runtime
from gateway.services.log_call import log_event

_TABLES = {
    "calls": calls,
    "messages": call_messages,
    "texts": call_texts,
    "callbacks": callback_requests,
    "entries": entries,
    "history": ticket_events,
}
_COUNTED = {"id", "callback_id", "entry_id", "call_id"}


def log(runtime: Runtime, events: Sequence[CallEvent], key: CallKey) -> None:
    """Put events on record, in this order."""
    for one in events:
        log_event(runtime, key, one)


def rows(runtime: Runtime, table: Any) -> list[dict[str, Any]]:
    """The rows of a table, in order."""
    with runtime.database.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table).order_by(table.c.id))]


def effects(runtime: Runtime) -> dict[str, Any]:
    """Everything, without the numbers that the database counts up."""
    kept = {name: rows(runtime, table) for name, table in _TABLES.items()}
    for entry in kept["entries"]:
        entry["data"].pop("call_id", None)
    return {
        name: [{key: value for key, value in row.items() if key not in _COUNTED} for row in found]
        for name, found in kept.items()
    }


def forget_effects(runtime: Runtime) -> None:
    """As if nobody had called."""
    with runtime.database.transaction() as connection:
        for table in (calls, callback_requests, entries, ticket_events):
            connection.execute(table.delete())
