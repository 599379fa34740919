"""Work that must not show in the time an answer takes: done by one thread, after the answer.

Whether an address is known must not be readable from a clock, so the sign-in form answers before anything is
looked up. What is lost when the process dies here is a mail that its person asks for again.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from gateway.errors import Deferred

log = structlog.get_logger()


class TooBusy(Deferred):
    """More is waiting than we take on."""


class Background:
    """Runs jobs one after the other. At most `capacity` wait; more raise TooBusy."""

    def __init__(self, *, capacity: int = 100) -> None:
        self._room = threading.BoundedSemaphore(capacity)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")

    def run(self, job: Callable[[], object]) -> None:
        """Do this soon. What it raises is logged, for nobody waits for it. Raises TooBusy."""
        if not self._room.acquire(blocking=False):
            raise TooBusy("too many requests at once")
        self._thread.submit(self._run, job)

    def close(self) -> None:
        """Finish what was taken on."""
        self._thread.shutdown(wait=True)

    def _run(self, job: Callable[[], object]) -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001  # the thread's boundary: the next job has nothing to do with it
            log.error("background.failed", error=type(error).__name__)
        finally:
            self._room.release()
