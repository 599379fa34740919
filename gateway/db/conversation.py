"""A ticket's conversation, first in outline and then the part of it that is shown."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, func, select

from gateway.db.chunks import in_chunks
from gateway.db.tickets import attachments, entries

_OUTLINE = (entries.c.id, entries.c.at, entries.c.type, entries.c.author_id, entries.c.visible, entries.c.data)


def outline(connection: Connection, ticket_id: int, *, visible_only: bool = False) -> list[Row[Any]]:
    """Every entry, oldest first, without its texts: who may read it, and how long (`length`, in characters) it is."""
    length = func.length(entries.c.text) + func.length(entries.c.removed_text)
    query = select(*_OUTLINE, length.label("length")).where(entries.c.ticket_id == ticket_id)
    if visible_only:
        query = query.where(entries.c.visible)
    return list(connection.execute(query.order_by(entries.c.at, entries.c.id)))


def entries_with(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    """These entries as rows of `entries`, oldest first."""
    found: list[Row[Any]] = []
    for chunk in in_chunks(ids):
        found += connection.execute(select(entries).where(entries.c.id.in_(chunk)))
    return sorted(found, key=lambda row: (row.at, row.id))


def files_with(connection: Connection, ids: Collection[int]) -> dict[int, list[Row[Any]]]:
    """The files of these entries, by entry id, as rows of `attachments`."""
    found: dict[int, list[Row[Any]]] = {}
    for chunk in in_chunks(ids):
        query = select(attachments).where(attachments.c.entry_id.in_(chunk))
        for row in connection.execute(query.order_by(attachments.c.entry_id, attachments.c.position)):
            found.setdefault(row.entry_id, []).append(row)
    return found
