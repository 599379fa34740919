"""Moving entries from one ticket's timeline to another's, with all by which their mail is found."""

from collections.abc import Collection

from sqlalchemy import Connection, Row, select, update

from gateway.db.receipts import receipts
from gateway.db.tickets import entries, message_ids


def find_entries(connection: Connection, ticket_id: int, entry_ids: Collection[int]) -> list[Row[tuple[object, ...]]]:
    """Those of these entries that are on the ticket, oldest first, as rows of `entries`."""
    query = select(entries).where(entries.c.ticket_id == ticket_id, entries.c.id.in_(entry_ids))
    return list(connection.execute(query.order_by(entries.c.at, entries.c.id)))


def move_entries(connection: Connection, entry_ids: Collection[int], *, to_id: int) -> None:
    """Put the entries onto the other ticket.

    The ids of their own mails go with them, so that answers to those find it. Ids of ours stay where they are: each
    is signed for the ticket that it was sent for, as is the address that it asks to be answered at.
    """
    chosen = list(entry_ids)
    theirs = (message_ids.c.entry_id.in_(chosen), message_ids.c.ours.is_(False))
    connection.execute(update(message_ids).where(*theirs).values(ticket_id=to_id))
    rows = connection.execute(select(entries.c.data).where(entries.c.id.in_(chosen))).scalars()
    spooled = [data["spool_id"] for data in rows if "spool_id" in data]
    taken = (receipts.c.spool_id.in_(spooled), receipts.c.entry_id.in_(chosen))
    connection.execute(update(receipts).where(*taken).values(ticket_id=to_id))
    connection.execute(update(entries).where(entries.c.id.in_(chosen)).values(ticket_id=to_id))
