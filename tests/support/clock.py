"""A clock that tests move."""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Stands still until a test moves it. Implements `gateway.clock.Clock`."""

    def __init__(self, start: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move(self, **delta: float) -> None:
        self._now += timedelta(**delta)
