"""A copy of the database in which mails can be filed again without anybody noticing, and walked back through time.

The real database is only read, once. In the copy `step_back` takes away what came with a mail and after it, so that the
mail meets what it met the first time. Walking from the newest to the oldest, each row is taken away once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.db.engine import Database, sqlite_url
from gateway.db.participants import participants
from gateway.db.receipts import receipts
from gateway.db.schema import metadata
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import entries, message_ids, tickets
from gateway.domain.events import EventType
from gateway.domain.ticket import Status

_COPIED = (
    *("people", "memberships", "tickets", "entries", "message_ids", "participants", "receipts", "ticket_events"),
    *("deliveries", "suppressions", "project_counters", "contract_versions", "daily_counts"),
)
_CHUNK = 1000


@contextmanager
def scratch_database() -> Iterator[Database]:
    """An empty database of our schema, gone at the end."""
    with TemporaryDirectory(prefix="gateway-replay-") as folder:
        database = Database(sqlite_url(Path(folder) / "replay.db"))
        try:
            with database.transaction() as connection:
                metadata.create_all(connection)
            yield database
        finally:
            database.close()


def copy_rows(source: Database, target: Database) -> None:
    """Copy what decisions about mail look at."""
    with source.reading() as reading, target.transaction() as writing:
        writing.exec_driver_sql("PRAGMA defer_foreign_keys=ON")  # a ticket may follow one that comes later
        for name in _COPIED:
            table = metadata.tables[name]
            found = reading.execution_options(yield_per=_CHUNK).execute(select(table))
            for rows in found.mappings().partitions(_CHUNK):
                writing.execute(insert(table), [dict(row) for row in rows])


def step_back(connection: Connection, *, receipt_id: int, entry_id: int | None, received_at: datetime) -> None:
    """Take away a mail with all that came after it: receipts, entries, tickets, people in copy, what happened."""
    connection.execute(delete(receipts).where(receipts.c.id >= receipt_id))
    connection.execute(delete(participants).where(participants.c.added_at >= received_at))
    changed = connection.execute(
        delete(ticket_events).where(ticket_events.c.at >= received_at).returning(ticket_events.c.ticket_id)
    )
    for ticket_id in set(changed.scalars()):
        _stand_as_then(connection, ticket_id)
    if entry_id is not None:
        _take_away_from(connection, entry_id)


def _take_away_from(connection: Connection, entry_id: int) -> None:
    began = select(entries.c.ticket_id).group_by(entries.c.ticket_id).having(func.min(entries.c.id) >= entry_id)
    since = select(entries.c.ticket_id).where(entries.c.id >= entry_id)
    gone = list(connection.scalars(began.where(entries.c.ticket_id.in_(since))))
    connection.execute(delete(message_ids).where(message_ids.c.entry_id >= entry_id))
    connection.execute(update(tickets).where(tickets.c.merged_into_id.in_(gone)).values(merged_into_id=None))
    connection.execute(update(tickets).where(tickets.c.follows_id.in_(gone)).values(follows_id=None))
    connection.execute(delete(tickets).where(tickets.c.id.in_(gone)))
    connection.execute(delete(entries).where(entries.c.id >= entry_id))


def _stand_as_then(connection: Connection, ticket_id: int) -> None:
    last = connection.execute(
        select(ticket_events.c.value, ticket_events.c.at)
        .where(ticket_events.c.ticket_id == ticket_id, ticket_events.c.type == EventType.STATUS)
        .order_by(ticket_events.c.id.desc())
        .limit(1)
    ).one_or_none()
    status = Status.NEW if last is None else Status(last.value)
    closed_at = last.at if last is not None and status is Status.CLOSED else None
    values = {"status": status, "closed_at": closed_at}
    connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(**values))
