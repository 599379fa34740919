"""What one process remembers of its calls for an hour: wrong codes, calls put through unverified, agents' keys.

In memory and nowhere else, so it holds with every store away; a restart forgets it, which gives a guesser one more
hour's worth of tries.
"""

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Generic, TypeVar

_HOUR = timedelta(hours=1)
_MOST_KEYS = 10_000
T = TypeVar("T")


class HourlyCounts:
    """Counts by key, each over the last hour. Safe in several threads; the keys seen longest ago are forgotten."""

    def __init__(self) -> None:
        self._moments: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, key: str, now: datetime) -> None:
        """Count one."""
        with self._lock:
            self._moments.setdefault(key, deque()).append(now)
            self._moments.move_to_end(key)
            while len(self._moments) > _MOST_KEYS:
                self._moments.popitem(last=False)

    def count(self, key: str, now: datetime) -> int:
        """How many there were within the hour."""
        with self._lock:
            moments = self._moments.get(key, deque())
            while moments and now - moments[0] >= _HOUR:
                moments.popleft()
            return len(moments)


class Remembered(Generic[T]):
    """The last values by key, some thousands of them. Safe in several threads."""

    def __init__(self, most: int = _MOST_KEYS) -> None:
        self._values: OrderedDict[str, T] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def find(self, key: str) -> T | None:
        """The value; None where it is not remembered."""
        with self._lock:
            return self._values.get(key)

    def keep(self, key: str, value: T) -> T:
        """Remember a value unless there is one already; what counts from now on."""
        with self._lock:
            kept = self._values.setdefault(key, value)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
            return kept
