"""The wish to stop: Ctrl-C, SIGTERM, or a terminal that closes. A second one means in a hurry."""

import signal
import threading
from types import FrameType


class Stopping:
    """Made once, in the main thread: from then on signals no longer end us, they are written down here."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.hurry = threading.Event()
        # A script's shell puts us into the background with SIGINT ignored, and means to stop us by it all the same.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        # But who ignores the end of the terminal (nohup) means it.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked.is_set():
            self.hurry.set()
        self.asked.set()
