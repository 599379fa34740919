"""What a clock shows, in one line that a person reads."""

from datetime import timedelta

import pytest

from gateway.domain.clock_reading import explain, span
from gateway.domain.clocks import fold
from gateway.domain.contract import USUAL_CONTRACT
from gateway.domain.events import By, EventType, TicketEvent
from tests.support.histories import ANA, history, read

PROMISED = "GTI blocking: 12 h of elapsed hours, from 2026-11-20 17:00"


@pytest.mark.parametrize(
    ("events", "at", "line"),
    [
        (
            history(),
            2,
            f"{PROMISED}, due 2026-11-21 05:00, running, 10 h left (Europe/Paris)",
        ),
        (
            history(),
            13.5,
            f"{PROMISED}, due 2026-11-21 05:00, breached by 1 h 30 (Europe/Paris)",
        ),
        (
            history((1, EventType.ANSWERED, "")),
            2,
            f"{PROMISED}, due 2026-11-21 05:00, met 2026-11-20 18:00 by an answer (Europe/Paris)",
        ),
        (
            history((13, EventType.ASSIGNED, ANA)),
            14,
            f"{PROMISED}, due 2026-11-21 05:00, "
            "stopped 2026-11-21 06:00 by being taken in hand, too late (Europe/Paris)",
        ),
        (
            history((1, EventType.STATUS, "pending", By.GATEWAY)),
            4,
            f"{PROMISED}, paused 3 h, paused, 11 h left (Europe/Paris)",
        ),
        (history(severity=""), 4, "GTI: no GTI is guaranteed for corrective, no severity"),
        (
            history((1, EventType.STATUS, "merged", By.GATEWAY)),
            4,
            f"{PROMISED}, due 2026-11-21 05:00, ended 2026-11-20 18:00 by the ticket being merged (Europe/Paris)",
        ),
    ],
)
def test_one_line_explains_a_due_time(events: list[TicketEvent], at: float, line: str) -> None:
    gti, _ = read(events, at)
    assert explain(gti, fold(events, contract=USUAL_CONTRACT)) == line


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0 min"), (59, "59 min"), (60, "1 h"), (65, "1 h 05"), (2880, "48 h")]
)
def test_a_length_of_time_is_said_as_people_say_it(minutes: int, text: str) -> None:
    assert span(timedelta(minutes=minutes)) == text
