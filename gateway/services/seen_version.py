"""What a page knew of a ticket when its form was made, so that nobody acts on what they have not seen.

A form carries the version of the ticket that it was made from. Where somebody else has written or changed something
since, the act is not done and the agent is shown what is new.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.db.desk_rows import events_since
from gateway.db.tickets import entries
from gateway.domain.reasons import Reason
from gateway.errors import Conflict
from gateway.mail.address import normalise_address


class ChangedMeanwhile(Conflict):
    """Somebody else wrote or changed something; `events` are rows of `ticket_events`, `entries` of `entries`."""

    def __init__(self, *, events: Sequence[Row[Any]], entries: Sequence[Row[Any]]) -> None:
        super().__init__(Reason.CHANGED_MEANWHILE())
        self.events = events
        self.entries = entries


@dataclass(frozen=True, kw_only=True)
class Version:
    """The newest entry and event of a ticket that a form knows."""

    entry_id: int
    event_id: int


def require_seen(connection: Connection, ticket_id: int, version: Version | None, *, by: str) -> None:
    """Raise ChangedMeanwhile where somebody else than `by` has acted since `version`. None: whatever was seen.

    To be asked where the ticket is locked, before anything is done to it.
    """
    if version is None:
        return
    author = normalise_address(by)
    written = [row for row in entries_since(connection, ticket_id, version) if row.author != author]
    events = [row for row in events_since(connection, ticket_id, version.event_id) if row.author not in {author, ""}]
    if written or events:
        raise ChangedMeanwhile(events=events, entries=written)


def entries_since(connection: Connection, ticket_id: int, version: Version) -> list[Row[Any]]:
    """What was written after a version, by whomever, in order."""
    later = (entries.c.ticket_id == ticket_id) & (entries.c.id > version.entry_id)
    return list(connection.execute(select(entries).where(later).order_by(entries.c.id)))
