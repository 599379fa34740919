"""What may be said of a solution by the links of its mail."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.outcome import Outcome, sayable

T0 = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BOTH = set(Outcome)


@pytest.mark.parametrize(
    ("moves", "told", "now", "may_say"),
    [
        (["resolved"], 0, 1, BOTH),
        (["resolved", "closed"], 0, 14, {Outcome.UNSOLVED}),
        (["resolved", "closed"], 0, 16, set()),
        (["resolved", "open"], 0, 2, set()),
        (["resolved", "open", "resolved"], 0, 3, set()),
        (["resolved", "open", "resolved"], 2, 3, BOTH),
        (["resolved", "closed", "open"], 0, 3, set()),
        (["open"], 0, 1, set()),
        ([], 0, 1, set()),
    ],
)
def test_a_link_speaks_of_its_own_solution_alone(moves: list[str], told: int, now: int, may_say: set[Outcome]) -> None:
    history = [
        TicketEvent(type=EventType.STATUS, at=T0 + timedelta(days=day), by=By.AGENT, value=value)
        for day, value in enumerate(moves)
    ]
    told_at, at = T0 + timedelta(days=told), T0 + timedelta(days=now)
    assert sayable(history, told_at=told_at, now=at, reopen_days=14) == may_say
