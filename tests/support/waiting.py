"""Waiting for a condition: polls, fails with a sentence, never hides how long it took."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, *, seconds: float = 30) -> T:
    """The first true value of `condition`; AssertionError naming `what` when the time is over."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        pause.wait(0.02)
    return value
