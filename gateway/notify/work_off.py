"""Working off what is to be sent by one way out: the mail relay, or a receiver of webhooks.

Take what is due, its attempt written down; try it; write down what came of it; go on until nothing is due, the time is
over, or there is nobody to send to. What is left of what was taken is given back.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class WayOut(Protocol[Item]):
    """One way out, and what waits for it. Each of these commits what it does."""

    def take(self) -> Sequence[Item]:
        """Some of what is due now, as `gateway.db.attempts` has it; nothing where nothing is."""

    def attempt(self, item: Item) -> bool:
        """Try one and write down what came of it. False where no other should be tried for now."""

    def give_back(self, untried: Sequence[Item]) -> None:
        """These were taken and will not be tried."""


def until(deadline: float) -> Callable[[], bool]:
    """Go on until `time.monotonic()` passes `deadline`."""
    return lambda: time.monotonic() < deadline


def work_off(way: WayOut[Item], *, goes_on: Callable[[], bool]) -> int:
    """Send what is due while it `goes_on`; how many attempts were made."""
    attempts, is_open = 0, True
    while is_open and goes_on() and (items := way.take()):
        for position, item in enumerate(items):
            if not (is_open and goes_on()):
                way.give_back(items[position:])
                return attempts
            attempts += 1
            is_open = way.attempt(item)
    return attempts
