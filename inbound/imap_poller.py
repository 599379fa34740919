"""One mailbox, watched for as long as we run: connect, look, wait for news, look again; after trouble, pause and retry.

Each mailbox has a thread and a pause of its own, so that one that is slow or broken delays no other. News come by
IDLE where the server offers it, and by the clock everywhere: nothing depends on a server's word that there is mail.
"""

import threading
import time
from collections.abc import Callable
from random import Random

import structlog

from gateway.config.mailboxes import MailboxSettings
from gateway.db.engine import Fence
from gateway.errors import GatewayError
from gateway.runtime import Runtime
from inbound.imap_connection import Mailbox, MailboxTrouble, SignIn, SignInRefused, open_mailbox
from inbound.imap_look import FolderReader
from inbound.imap_notes import Notes
from inbound.imap_stop import Stop

_LONGEST_PAUSE = 300.0  # seconds between two tries
_AFTER_REFUSAL = 60.0  # seconds at least after a sign-in that was refused: providers lock accounts that insist
_RETRY_MAIL = 2.0  # seconds before a mail that failed is tried again

_SHORT_IDLE = 30.0  # seconds; an IDLE that breaks sooner is no accident when it happens
_MANY_SHORT_IDLES = 3  # times in a row

log = structlog.get_logger()


class IdleBroken(MailboxTrouble):
    """The connection ended while we waited for news."""


class Poller:
    """Watches one mailbox. `chance` is where the jitter comes from."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        name: str,
        settings: MailboxSettings,
        sign_in: SignIn,
        stop: Stop,
        chance: Random,
    ) -> None:
        self._settings = settings
        self._sign_in = sign_in
        self._stop = stop
        self._chance = chance
        self._largest = runtime.settings.smtp.max_size
        self._database = runtime.database
        self._notes = Notes(runtime, name)
        self._name = name
        self._failures = 0
        self._short_idles = 0

        def reader(folder: str, *, junk: bool) -> FolderReader:
            return FolderReader(
                runtime,
                name=name,
                settings=settings,
                folder=folder,
                notes=self._notes,
                stopping=stop.asked,
                junk=junk,
            )

        # The inbox comes last: IDLE watches the folder that is open.
        junk = [reader(settings.junk_folder, junk=True)] if settings.junk_folder else []
        self._readers = [*junk, reader(settings.folder, junk=False)]

    def run_fenced(self, fence: Fence) -> None:
        """Watch until we are stopped; each note asks `fence` first."""
        with self._database.fenced(fence):
            self.run()

    def run(self) -> None:
        """Watch until we are stopped."""
        while not self._stop.asked.is_set():
            least = 0.0
            try:
                self._connect_and_watch()
            except IdleBroken:
                log.info("mailbox.idle_broken", mailbox=self._name)
                self._failures = 1
            except SignInRefused as error:
                self._note_failure(str(error))
                least = _AFTER_REFUSAL
            except GatewayError as error:
                self._note_failure(str(error))
            except Exception as error:  # the boundary: no mailbox may end the others' process
                log.exception("mailbox.fault", mailbox=self._name)
                self._note_failure(f"a fault of ours ({type(error).__name__}): see the log")
            self._stop.asked.wait(max(least, pause_after(self._failures, chance=self._chance)))

    def _note_failure(self, reason: str) -> None:
        if not self._stop.asked.is_set():
            self._failures += 1
            self._notes.failed(reason)

    def _connect_and_watch(self) -> None:
        mailbox = open_mailbox(self._settings, self._sign_in, largest=self._largest)
        try:
            if self._settings.after == "move" and mailbox.can_move:
                mailbox.make_folder(self._settings.move_to)
            wait = self._idle if mailbox.can_idle and self._short_idles < _MANY_SHORT_IDLES else self._pause
            while not self._stop.asked.is_set():
                self._look_and_wait(mailbox, wait)
        finally:
            mailbox.close()

    def _look_and_wait(self, mailbox: Mailbox, wait: Callable[[Mailbox], None]) -> None:
        looks = [reader.look(mailbox) for reader in self._readers]
        if not all(looks):
            self._stop.asked.wait(_RETRY_MAIL)
            return
        self._failures = 0
        self._notes.good()
        if not mailbox.has_news:
            wait(mailbox)

    def _idle(self, mailbox: Mailbox) -> None:
        began = time.monotonic()
        try:
            mailbox.wait(self._settings.idle_seconds, or_readable=self._stop.readable)
        except MailboxTrouble as error:
            # Whatever broke it may have been news: the next connection looks at once. Where it breaks again and
            # again (a proxy, a server that offers what it cannot do) the clock is asked instead.
            held = time.monotonic() - began
            self._short_idles = self._short_idles + 1 if held < _SHORT_IDLE else 0
            raise IdleBroken(str(error)) from error
        self._short_idles = 0

    def _pause(self, _mailbox: Mailbox) -> None:
        self._stop.asked.wait(self._settings.poll_seconds)


def pause_after(failures: int, *, chance: Random) -> float:
    """Seconds until the next try after so many failures in a row: 1, 2, 4 ... 300, each shortened by up to half."""
    if not failures:
        return 0.0
    return min(2.0 ** min(failures - 1, 20), _LONGEST_PAUSE) * (0.5 + chance.random() / 2)


def run_in_thread(poller: Poller, name: str, *, fence: Fence) -> threading.Thread:
    """Start a poller that notes down nothing past `fence`. A daemon: where a server hangs at our end, a crash there is
    as good as any other."""
    thread = threading.Thread(target=poller.run_fenced, args=(fence,), name=f"mailbox-{name}", daemon=True)
    thread.start()
    return thread
