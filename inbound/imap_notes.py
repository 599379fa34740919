"""What a poller writes down: cursors and health. The database may be away: mail is taken all the same.

Only the very first look at a folder needs it, to learn where to begin.
"""

from contextlib import suppress

import structlog

from gateway.db.engine import DatabaseTrouble
from gateway.db.mailboxes import (
    FolderRow,
    begin_folder,
    know_mailbox,
    move_cursor,
    note_failed_look,
    note_good_look,
    note_progress,
)
from gateway.runtime import Runtime
from inbound.imap_cursor import Cursor

_GOOD_EVERY = 10.0  # seconds between two notes that all is still well

log = structlog.get_logger()


class Notes:
    """The notes of one mailbox. Except `begin_folder`, nothing here raises DatabaseTrouble."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        self._runtime = runtime
        self._name = name
        self._error: str | None = ""  # what was last written; None for a good look, "" for nothing yet
        self._written_at = runtime.clock.now()

    def begin_folder(self, folder: str, beginning: Cursor) -> Cursor:
        """Where this folder was begun: now, or by an earlier run. Raises DatabaseTrouble."""
        with self._runtime.database.transaction() as connection:
            row = begin_folder(connection, mailbox=self._name, folder=folder, row=_row(beginning))
        return Cursor(
            uidvalidity=row.uidvalidity, last_uid=row.last_uid, begun_at=row.begun_at, reread_to=row.reread_to
        )

    def progressed(self, folder: str, cursor: Cursor, *, taken: int, waiting: int) -> None:
        """The cursor has moved, or mail was taken."""
        with suppress(DatabaseTrouble), self._runtime.database.transaction() as connection:
            move_cursor(connection, mailbox=self._name, folder=folder, row=_row(cursor))
            know_mailbox(connection, self._name, now=self._runtime.clock.now())
            note_progress(connection, self._name, taken=taken, waiting=waiting)

    def good(self) -> None:
        """The mailbox was just read to its end."""
        now = self._runtime.clock.now()
        if self._error is None and (now - self._written_at).total_seconds() < _GOOD_EVERY:
            return
        if self._error:
            log.info("mailbox.recovered", mailbox=self._name)
        with suppress(DatabaseTrouble), self._runtime.database.transaction() as connection:
            know_mailbox(connection, self._name, now=now)
            note_good_look(connection, self._name, now=now)
            self._error, self._written_at = None, now

    def failed(self, reason: str) -> None:
        """The mailbox could not be read just now, and why."""
        log.warning("mailbox.failed", mailbox=self._name, reason=reason)
        with suppress(DatabaseTrouble), self._runtime.database.transaction() as connection:
            know_mailbox(connection, self._name, now=self._runtime.clock.now())
            note_failed_look(connection, self._name, now=self._runtime.clock.now(), error=reason)
            self._error = reason


def _row(cursor: Cursor) -> FolderRow:
    return FolderRow(
        uidvalidity=cursor.uidvalidity,
        last_uid=cursor.last_uid,
        begun_at=cursor.begun_at,
        reread_to=cursor.reread_to,
    )
