"""`gateway imapd`: every configured mailbox watched in a thread of its own, until a signal ends it."""

import signal
from random import SystemRandom

import structlog

from gateway.runtime import Runtime
from inbound.imap_poller import Poller, run_in_thread
from inbound.imap_sign_in import make_sign_in
from inbound.imap_stop import Stop

_PATIENCE = 5.0  # seconds for threads to end; a mail under way is fetched again by the next run

log = structlog.get_logger()


def run_imapd(runtime: Runtime) -> None:
    """Watch all mailboxes until SIGTERM or SIGINT."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.ask())
    watch_all(runtime, stop)


def watch_all(runtime: Runtime, stop: Stop) -> None:
    """Watch all mailboxes until we are asked to stop."""
    threads = []
    for name, settings in runtime.settings.mailboxes.items():
        poller = Poller(
            runtime,
            name=name,
            settings=settings,
            sign_in=make_sign_in(runtime, name=name, settings=settings),
            stop=stop,
            chance=SystemRandom(),
        )
        threads.append(run_in_thread(poller, name))
    log.info("imapd.started", mailboxes=len(threads))
    stop.asked.wait()
    for thread in threads:
        thread.join(_PATIENCE / max(1, len(threads)))
    log.info("imapd.stopped")
