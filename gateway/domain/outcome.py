"""What a reporter may say of a solution by the links of the mail that told them of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.events import EventType, TicketEvent
from gateway.domain.ticket import Status


class Outcome(StrEnum):
    """What they say."""

    WORKS = "works"
    UNSOLVED = "unsolved"


def sayable(
    history: Sequence[TicketEvent], *, told_at: datetime, now: datetime, reopen_days: int
) -> frozenset[Outcome]:
    """What may be said now of the solution that was told at `told_at`; nothing where it is not about that any more.

    - resolved then, and nothing since: either
    - closed since, not more than `reopen_days` ago: that it is not solved
    - anything else happened since, as another solution: nothing
    """
    moves = [event for event in history if event.type is EventType.STATUS]
    last = max((number for number, move in enumerate(moves) if move.value == Status.RESOLVED), default=None)
    if last is None or moves[last].at != told_at:
        return frozenset()
    since = moves[last + 1 :]
    if not since:
        return frozenset(Outcome)
    is_closed = [move.value for move in since] == [Status.CLOSED]
    return frozenset({Outcome.UNSOLVED} if is_closed and now - since[0].at <= timedelta(days=reopen_days) else ())
