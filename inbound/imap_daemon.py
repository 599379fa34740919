"""`gateway imapd`: every configured mailbox watched in a thread of its own, until a signal ends it.

Where several machines run it, each mailbox is watched by the one that holds its lease. While the database is away
nobody else can get it, and the holder goes on; two that watch for a moment take the same mail, and filing knows it.
"""

import os
import signal
import threading
from random import SystemRandom

import structlog

from gateway.config.mailboxes import MailboxSettings
from gateway.ids import random32
from gateway.leases import Lease, LeaseKeeper
from gateway.runtime import Runtime
from inbound.imap_poller import Poller, run_in_thread
from inbound.imap_sign_in import make_sign_in
from inbound.imap_stop import Stop

_PATIENCE = 5.0  # seconds for threads to end; a mail under way is fetched again by the next run
_LOOK = 1.0  # seconds between two looks at who holds what

log = structlog.get_logger()


def run_imapd(runtime: Runtime) -> None:
    """Watch all mailboxes until SIGTERM or SIGINT."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.ask())
    watch_all(runtime, stop)


def watch_all(runtime: Runtime, stop: Stop) -> None:
    """Watch all mailboxes whose leases we get, until we are asked to stop."""
    holder = f"{runtime.machine}/imapd/{os.getpid()}-{random32(6)}"
    with LeaseKeeper(runtime.database, holder=holder) as keeper:
        watches = [
            _Watch(runtime, name=name, settings=settings, lease=keeper.lease(f"mailbox:{name}"))
            for name, settings in runtime.settings.mailboxes.items()
        ]
        log.info("imapd.started", mailboxes=len(watches))
        while not stop.asked.is_set():
            for watch in watches:
                watch.tend()
            stop.asked.wait(_LOOK)
        for watch in watches:
            watch.ask_to_end()
        for watch in watches:
            watch.join(_PATIENCE / max(1, len(watches)))
    log.info("imapd.stopped")


class _Watch:
    """A mailbox that is watched while its lease is ours."""

    def __init__(self, runtime: Runtime, *, name: str, settings: MailboxSettings, lease: Lease) -> None:
        self._runtime = runtime
        self._name = name
        self._settings = settings
        self._lease = lease
        self._stop = Stop()
        self._thread: threading.Thread | None = None

    def tend(self) -> None:
        """Begin to watch what has become ours, end with what has not stayed so."""
        is_watching = self._thread is not None and self._thread.is_alive()
        if self._lease.is_lost:
            self.ask_to_end()
        elif not is_watching:
            self._begin()

    def ask_to_end(self) -> None:
        """Ask the thread to end."""
        self._stop.ask()

    def join(self, seconds: float) -> None:
        """Wait for the thread."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _begin(self) -> None:
        self._stop.close()
        self._stop = Stop()
        poller = Poller(
            self._runtime,
            name=self._name,
            settings=self._settings,
            sign_in=make_sign_in(self._runtime, name=self._name, settings=self._settings),
            stop=self._stop,
            chance=SystemRandom(),
        )
        self._thread = run_in_thread(poller, self._name, fence=self._lease.fence)
