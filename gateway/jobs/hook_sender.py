"""The sender of webhooks: a thread beside the timetable, so that a receiver that hangs holds no worker, and so no mail.

It sends while its timetable holds the lease, so one of all machines does. Whoever takes the lease over knows that the
sender before is dead, or has lost it: what that one was sending is due at once, with the same id, and whatever it would
still write down of it is written no more.
"""

import threading
from types import TracebackType
from typing import Self

import structlog

from gateway.leases import Lease
from gateway.notify.hook_deliver import endpoints_of, release_webhooks, send_webhooks
from gateway.runtime import Runtime

_LOOK = 1.0  # seconds between two looks for what has become due

log = structlog.get_logger()


class HookSender:
    """Sends webhooks until the end of its block, while `lease` is held; nothing where there is no receiver."""

    def __init__(self, runtime: Runtime, lease: Lease) -> None:
        self._runtime = runtime
        self._lease = lease
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._holder: int | None = None

    def __enter__(self) -> Self:
        if endpoints_of(self._runtime):
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What is being sent is sent to its end: as long as a receiver's timeout at most."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _goes_on(self) -> bool:
        return self._lease.is_held and not self._closing.is_set()

    def _run(self) -> None:
        while not self._closing.wait(_LOOK):
            try:
                self._send()
            except Exception as error:  # noqa: BLE001  # the boundary: what could not be sent now is due still
                log.warning("webhooks.not_sent", error=type(error).__name__)

    def _send(self) -> None:
        token = self._lease.token
        if token is None:
            return
        if token != self._holder:
            release_webhooks(self._runtime)
            self._holder = token
        send_webhooks(self._runtime, goes_on=self._goes_on)
