"""A process that does not outlive its parent, however that one ends: on Linux the kernel sees to it."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # prctl(2)
# Loaded before any fork: between fork and exec there is to be as little Python as possible.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def ending_with(parent: int) -> Callable[[], None]:
    """What a new process calls first, so that it gets SIGTERM when the process `parent` dies."""

    def ask() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask
