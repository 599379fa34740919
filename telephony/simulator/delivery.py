"""Callbacks on their way: a seed decides which come twice, late, in another order, or never.

The provider promises no more than that it sends them. (https://www.twilio.com/docs/voice/api/call-resource)
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from telephony.simulator.effects import Kind, Notify

_TOLD = frozenset({Kind.LEG, Kind.RECORDING, Kind.STATUS})


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How likely each is, from 0 to 1, of one callback. `late` ones come when the call is long over.

    `repeated` is how likely a request for a document is sent twice; the first answer counts.
    """

    doubled: float = 0.0
    swapped: float = 0.0
    late: float = 0.0
    dropped: float = 0.0
    repeated: float = 0.0


@dataclass(kw_only=True)
class Mailbag:
    """Holds callbacks between a call and whoever they are for. `deliver` sends one."""

    deliver: Callable[[Notify], None]
    faults: Faults
    source: random.Random
    _next: list[Notify] = field(default_factory=list)
    _late: list[Notify] = field(default_factory=list)

    def hand_over(self, callback: Notify) -> None:
        """Take a callback: it goes out at once, after the one that follows it, at the end, twice, or never.

        An action that is requested though nobody is left to hear its answer is a request, and is not lost like that.
        """
        is_lost = self._happens(self.faults.dropped)
        if is_lost and callback.kind in _TOLD:
            return
        copies = 2 if self._happens(self.faults.doubled) else 1
        for _ in range(copies):
            if self._happens(self.faults.late):
                self._late.append(callback)
            elif self._happens(self.faults.swapped):
                self._next.append(callback)
            else:
                self.deliver(callback)
                self._send(self._next)

    def flush(self) -> None:
        """The call is over: send what is still held, in any order."""
        self.source.shuffle(self._late)
        self._send(self._next)
        self._send(self._late)

    def _send(self, held: list[Notify]) -> None:
        waiting, held[:] = list(held), []
        for callback in waiting:
            self.deliver(callback)

    def _happens(self, likelihood: float) -> bool:
        return self.source.random() < likelihood
