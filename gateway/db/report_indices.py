"""Indices for what service reports count and for lists of tickets; most hold only the rows that a question is about.

Their conditions are written out, and not as values: such an index serves a query only where the database can see that
the two are the same.
"""

from sqlalchemy import Index, text

from gateway.db.receipts import receipts
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import entries, tickets

IS_ANSWER = "ticket_events.type IN ('answered', 'call_answered') AND ticket_events.by = 'agent'"
"""A person answered the reporter."""
IS_TO_WORK = "ticket_events.type = 'status' AND ticket_events.value IN ('new', 'open', 'pending')"
"""A ticket moved to where somebody works on it."""
IS_END = "ticket_events.type = 'status' AND ticket_events.value IN ('resolved', 'closed', 'merged')"
"""A ticket came to its end."""
IS_LEVEL = "ticket_events.type = 'level'"
"""A ticket came before a team."""

_SILENT = "NOT IN ('sent', 'a reply is not acknowledged')"
NOT_ACKNOWLEDGED = {
    "sqlite": f"json_extract(entries.data, '$.acknowledgement') {_SILENT}",
    "postgresql": f"(entries.data ->> 'acknowledgement') {_SILENT}",
}
"""A request that nobody was told of having arrived, and that says why; by the kind of database."""

# The moment comes first: without statistics SQLite would take an index that begins with the project for the queue.
Index("ix_tickets_created_at_project", tickets.c.created_at, tickets.c.project)
Index("ix_tickets_reporter_id_project_updated_at", tickets.c.reporter_id, tickets.c.project, tickets.c.updated_at)
Index("ix_tickets_updated_at_id", tickets.c.updated_at, tickets.c.id)
_is_merged = text("merged_into_id IS NOT NULL")
Index(
    "ix_tickets_reporter_id_merged",
    tickets.c.reporter_id,
    tickets.c.merged_into_id,
    sqlite_where=_is_merged,
    postgresql_where=_is_merged,
)
Index("ix_receipts_accepted_at_project", receipts.c.accepted_at, receipts.c.project)

for _name, _columns, _condition in (
    ("ix_ticket_events_answers", (ticket_events.c.ticket_id, ticket_events.c.at), IS_ANSWER),
    ("ix_ticket_events_to_work", (ticket_events.c.at, ticket_events.c.ticket_id), IS_TO_WORK),
    ("ix_ticket_events_ends", (ticket_events.c.ticket_id, ticket_events.c.at), IS_END),
    ("ix_ticket_events_levels", (ticket_events.c.value, ticket_events.c.ticket_id), IS_LEVEL),
):
    _where = text(_condition.replace("ticket_events.", ""))
    Index(_name, *_columns, sqlite_where=_where, postgresql_where=_where)

_silent = {name: text(condition.replace("entries.", "")) for name, condition in NOT_ACKNOWLEDGED.items()}
Index(
    "ix_entries_not_acknowledged",
    entries.c.at,
    sqlite_where=_silent["sqlite"],
    postgresql_where=_silent["postgresql"],
)
