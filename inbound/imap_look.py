"""One look at one folder: everything new goes into the spool, oldest first, and only then leaves the folder.

For each mail: ask its size, fetch it without marking it, make it durable, and only then move or flag it; at last the
cursor moves. A crash between any two of these steps means that the mail is fetched again, under the same name, and
filing knows it by its receipt. Two pollers at one mailbox do the same to each other.
"""

import threading
from collections.abc import Sequence

import structlog

from gateway.config.mailboxes import MailboxSettings
from gateway.runtime import Runtime
from gateway.spool.entry import Lane
from inbound.imap_connection import CommandRefused, Folder, Mailbox, MailboxTrouble, Waiting
from inbound.imap_cursor import Cursor, Progress, advance, first_cursor, in_order, is_old, under
from inbound.imap_letter import IN_JUNK, make_envelope, make_stand_in, not_fetched, too_large
from inbound.imap_notes import Notes

_BATCH = 20  # mails moved by one command; so many are fetched again after a crash, at most
_TELL_EVERY = 500  # mails between two lines about progress in the log

log = structlog.get_logger()


class FolderReader:
    """Reads one folder of one mailbox, look after look, over however many connections.

    `junk` says that what is found there is held for a person.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        name: str,
        settings: MailboxSettings,
        folder: str,
        notes: Notes,
        stopping: threading.Event,
        junk: bool = False,
    ) -> None:
        self._runtime = runtime
        self._name = name
        self._settings = settings
        self._folder = folder
        self._junk = junk
        self._notes = notes
        self._stopping = stopping
        self._project = None if settings.project is None else runtime.project(settings.project)
        self._largest = runtime.settings.smtp.max_size
        self._cursor: Cursor | None = None
        self._progress = Progress()

    def look(self, mailbox: Mailbox) -> bool:
        """Take everything new. False where a mail could not be fetched and will be tried again.

        Raises MailboxTrouble where the mailbox does not do what it should, Deferred where the spool takes nothing.
        """
        folder = mailbox.select(self._folder, readonly=self._settings.after == "leave")
        cursor = self._cursor = self._find_cursor(mailbox, folder)
        present = mailbox.uids_after(cursor.last_uid)
        self._progress.keep_only(present)
        todo = in_order(present, self._progress)
        refusal = self._leave(mailbox)
        for start in range(0, len(todo), _BATCH):
            if self._stopping.is_set():
                break
            batch = todo[start : start + _BATCH]
            taken = self._take_batch(mailbox, cursor, batch)
            refusal = self._leave(mailbox) or refusal
            self._move_cursor(present, taken=taken, waiting=len(todo) - start - len(batch))
        self._move_cursor(present, taken=0, waiting=len(self._progress.tries))
        if refusal is not None:
            raise refusal
        return not self._progress.tries

    def _find_cursor(self, mailbox: Mailbox, folder: Folder) -> Cursor:
        """The cursor under the folder's UIDVALIDITY; from the database at the first look."""
        cursor = self._cursor
        if cursor is not None and cursor.uidvalidity == folder.uidvalidity:
            return cursor
        # A server need not say what the next UID will be (RFC 3501 section 6.3.1); then the last one tells.
        next_uid = folder.next_uid or max(mailbox.uids_after(0), default=0) + 1
        if cursor is None:
            beginning = first_cursor(
                uidvalidity=folder.uidvalidity,
                next_uid=next_uid,
                start=self._settings.start,
                now=self._runtime.clock.now(),
            )
            cursor = self._notes.begin_folder(self._folder, beginning)
        if cursor.uidvalidity != folder.uidvalidity:
            log.warning("mailbox.folder_made_anew", mailbox=self._name, junk=self._junk)
            self._progress = Progress()
        return under(cursor, uidvalidity=folder.uidvalidity, next_uid=next_uid)

    def _move_cursor(self, present: Sequence[int], *, taken: int, waiting: int) -> None:
        assert self._cursor is not None, "a look begins with the cursor"
        before = self._cursor
        self._cursor = advance(before, present=present, progress=self._progress)
        if taken or self._cursor != before:
            self._notes.progressed(self._folder, self._cursor, taken=taken, waiting=waiting)
        if taken and waiting // _TELL_EVERY != (waiting + taken) // _TELL_EVERY:
            log.info("mailbox.progress", mailbox=self._name, junk=self._junk, waiting=waiting)

    def _take_batch(self, mailbox: Mailbox, cursor: Cursor, uids: Sequence[int]) -> int:
        """Take these mails; how many were taken."""
        taken = 0
        described = {waiting.uid: waiting for waiting in mailbox.describe(uids)}
        for uid in uids:
            waiting = described.get(uid)
            if waiting is None and self._progress.is_given_up(uid):
                waiting = Waiting(uid=uid, size=0, arrived_at=None)
            if waiting is None:  # gone meanwhile, which the next look will show, or withheld
                self._progress.note_try(uid)
            elif is_old(cursor, uid, waiting.arrived_at):
                self._progress.settle(uid)
            else:
                taken += self._take(mailbox, cursor, waiting)
        return taken

    def _take(self, mailbox: Mailbox, cursor: Cursor, waiting: Waiting) -> bool:
        """Take one mail. False where it could not be fetched; whatever breaks the connection is raised."""
        uid = waiting.uid
        try:
            content, hold, stays = self._fetch(mailbox, waiting)
        except CommandRefused as error:  # the connection goes on: so do the mails behind this one
            self._note_try(uid, str(error))
            return False
        except MailboxTrouble as error:
            self._note_try(uid, str(error))
            raise
        if content is None:
            self._note_try(uid, "the server hands nothing over")
            return False
        self._spool(cursor, uid, content, hold)
        self._progress.settle(uid)
        if not stays and self._settings.after != "leave":
            self._progress.leaving.add(uid)
        return True

    def _fetch(self, mailbox: Mailbox, waiting: Waiting) -> tuple[bytes | None, str, bool]:
        """The mail or the letter that stands in for it, why a person must look at it first, and whether it stays."""
        uid = waiting.uid
        if waiting.size > self._largest:
            reason = too_large(waiting.size, largest=self._largest, name=self._name, folder=self._folder, uid=uid)
            header = mailbox.fetch_header(uid)
            return None if header is None else make_stand_in(header, reason), reason, True
        if self._progress.is_given_up(uid):
            reason = not_fetched(name=self._name, folder=self._folder, uid=uid)
            return make_stand_in(b"", reason), reason, True
        return mailbox.fetch(uid), IN_JUNK if self._junk else "", False

    def _note_try(self, uid: int, reason: str) -> None:
        self._progress.note_try(uid)
        log.warning("mailbox.mail_not_fetched", mailbox=self._name, uid=uid, reason=reason)

    def _spool(self, cursor: Cursor, uid: int, content: bytes, hold: str) -> None:
        envelope = make_envelope(
            name=self._name,
            settings=self._settings,
            project=self._project,
            folder=self._folder,
            cursor=cursor,
            uid=uid,
            content=content,
            hold=hold,
            now=self._runtime.clock.now(),
        )
        spool_id = self._runtime.spool.accept(Lane.MAIL, envelope.to_json(), content)
        self._runtime.doorbell.ring_soon(Lane.MAIL)
        log.info("mail.accepted", spool_id=spool_id, channel="imap", mailbox=self._name, size=len(content))

    def _leave(self, mailbox: Mailbox) -> CommandRefused | None:
        """Move or flag what is safe in the spool. What the server refuses is tried again, and keeps no mail back."""
        leaving = sorted(self._progress.leaving)
        if not leaving:
            return None
        try:
            if self._settings.after == "move" and mailbox.can_move:
                mailbox.move(leaving, self._settings.move_to)
            elif self._settings.after == "flag":
                mailbox.flag(leaving)
        except CommandRefused as error:
            return error
        self._progress.leaving.clear()
        return None
