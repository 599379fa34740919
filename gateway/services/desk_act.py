"""An act from a page of the desk: as `change_ticket`, unless somebody else was faster.

A form carries the version of the ticket that it was made from. Where somebody else has written or changed something
since, nothing is done and the agent is shown what is new; a mere note overwrites nothing and is always taken. The same
words sent twice, as by a double click, are taken once.
"""

from sqlalchemy import Connection

from gateway.db.people import find_emails
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.change import Change
from gateway.domain.ticket import Channel, EntryType
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.approach import approach
from gateway.services.change_ticket import apply_change
from gateway.services.seen_version import Version, entries_since, require_seen


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
    ticket = find_ticket(connection, ticket_id=ticket_id)
    assert ticket is not None, "locked in this transaction"
    if _is_done(connection, ticket, change, author=normalise_address(by), version=version):
        return True
    if not _is_mere_note(change):
        require_seen(connection, ticket_id, version, by=by)
    return False


def _is_done(connection: Connection, ticket: Ticket, change: Change, *, author: str, version: Version) -> bool:
    """True where the words of a change are there, as what they are, and everything else is as it asks for."""
    own = {
        (row.text.strip(), row.visible)
        for row in entries_since(connection, ticket.id, version)
        if row.author == author and row.type != EntryType.SYSTEM
    }
    told = "\n\n".join(filter(None, (change.reply.strip(), change.workaround.strip())))
    said = {(text, visible) for text, visible in ((told, True), (change.note.strip(), False)) if text}
    assignee = "".join(find_emails(connection, [] if ticket.assignee_id is None else [ticket.assignee_id]).values())
    wishes = (
        (change.kind, ticket.kind),
        (change.severity, ticket.severity),
        (change.status, ticket.status),
        (change.level, ticket.level),
        (None if change.assignee is None else normalise_address(change.assignee), assignee),
    )
    return bool(said) and said <= own and all(wish in {None, now} for wish, now in wishes)


def _is_mere_note(change: Change) -> bool:
    return change == Change(note=change.note)
