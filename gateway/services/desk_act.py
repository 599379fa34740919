"""An act from a page of the desk: as `change_ticket`, unless somebody else was faster.

A form carries the version of the ticket that it was made from. Where somebody else has written or changed something
since, nothing is done and the agent is shown what is new; a mere note overwrites nothing and is always taken. The same
words sent twice, as by a double click, are taken once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.db.desk_rows import events_since
from gateway.db.tickets import Ticket, entries
from gateway.domain.change import Change
from gateway.domain.ticket import Channel
from gateway.errors import Conflict
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.approach import approach
from gateway.services.change_ticket import apply_change


class ChangedMeanwhile(Conflict):
    """Somebody else wrote or changed something; `events` are rows of `ticket_events`, `entries` of `entries`."""

    def __init__(self, *, events: Sequence[Row[Any]], entries: Sequence[Row[Any]]) -> None:
        super().__init__("somebody else changed the ticket meanwhile")
        self.events = events
        self.entries = entries


@dataclass(frozen=True, kw_only=True)
class Version:
    """The newest entry and event of a ticket that a form knows."""

    entry_id: int
    event_id: int


def act_on_ticket(runtime: Runtime, *, ref: str, change: Change, by: str, version: Version) -> Ticket:
    """Do it, and return the ticket as it then is. Raises ChangedMeanwhile, and what `change_ticket` raises."""
    with runtime.database.transaction() as connection:
        found = approach(connection, runtime, ref=ref, by=by)
        found.require_sight()
        if require_unchanged(connection, found.ticket.id, change, by=by, version=version):
            return found.ticket
        changed = apply_change(connection, runtime, ref=ref, change=change, by=by, channel=Channel.WEB)
    runtime.doorbell.ring_soon(OUTBOX)
    return changed.ticket


def require_unchanged(connection: Connection, ticket_id: int, change: Change, *, by: str, version: Version) -> bool:
    """True where this very act was done before. Raises ChangedMeanwhile where somebody else has acted since."""
    author = normalise_address(by)
    later = (entries.c.ticket_id == ticket_id) & (entries.c.id > version.entry_id)
    new = list(connection.execute(select(entries).where(later).order_by(entries.c.id)))
    said = {text for text in (change.reply.strip(), change.workaround.strip(), change.note.strip()) if text}
    if said and said <= {part for row in new if row.author == author for part in _parts(row.text)}:
        return True
    theirs = [row for row in new if row.author != author]
    events = [row for row in events_since(connection, ticket_id, version.event_id) if row.author not in {author, ""}]
    if (theirs or events) and not _is_mere_note(change):
        raise ChangedMeanwhile(events=events, entries=theirs)
    return False


def _parts(text: str) -> set[str]:
    return {text.strip(), *(part.strip() for part in text.split("\n\n"))}


def _is_mere_note(change: Change) -> bool:
    return change == Change(note=change.note)
