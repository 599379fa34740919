"""Asking every part at once and in bounded time: whatever is down, the answer is there within two seconds."""

import threading
from collections.abc import Mapping
from time import monotonic

from gateway.services.health import Finding, Question, ask

ANSWER_WITHIN = 2.0  # seconds, whatever is down


class Probe:
    """Asks one part how it is, in a thread of its own; a part that hangs holds one thread and no answer."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._finding: Finding = {"state": "down"}

    def start(self) -> None:
        """Begin to ask, unless an earlier question is still open."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="probe", daemon=True)
                self._thread.start()

    def finding(self, seconds: float) -> Finding:
        """What the part said; `down` when it says nothing within so many seconds."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(max(0.0, seconds))
        return self._finding if thread is not None and not thread.is_alive() else {"state": "down"}

    def _run(self) -> None:
        self._finding = ask(self._question)


def ask_all(probes: Mapping[str, Probe]) -> dict[str, Finding]:
    """What each part says within the time that there is for all of them."""
    # Not the runtime's clock: this bounds how long a real peer waits.
    deadline = monotonic() + ANSWER_WITHIN
    for probe in probes.values():
        probe.start()
    return {name: probe.finding(deadline - monotonic()) for name, probe in probes.items()}
