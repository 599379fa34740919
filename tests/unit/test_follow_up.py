"""What happens by itself to a ticket that waits or is resolved, counted in working days."""

from datetime import UTC, datetime

import pytest

from gateway.domain.calendar import USUAL_CALENDAR
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.follow_up import USUAL_FOLLOW_UP, FollowUpRules, Step, after_working_days, plan_follow_ups

FRIDAY = datetime(2026, 10, 23, 15, 0, tzinfo=UTC)  # 17:00 in Paris; summer time ends on Sunday


def moved(*statuses: str) -> list[TicketEvent]:
    created = TicketEvent(type=EventType.CREATED, at=FRIDAY, by=By.GATEWAY)
    return [created, *(TicketEvent(type=EventType.STATUS, at=FRIDAY, by=By.AGENT, value=one) for one in statuses)]


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (FRIDAY, 1, datetime(2026, 10, 26, 16, 0, tzinfo=UTC)),  # the same hour of the wall clock, in winter time
        (FRIDAY, 0, FRIDAY),
        (datetime(2026, 12, 24, 9, 0, tzinfo=UTC), 1, datetime(2026, 12, 28, 9, 0, tzinfo=UTC)),  # Christmas
        (datetime(2026, 10, 24, 9, 0, tzinfo=UTC), 2, datetime(2026, 10, 27, 10, 0, tzinfo=UTC)),  # from a Saturday
    ],
)
def test_working_days_are_those_of_the_calendar(start: datetime, days: int, end: datetime) -> None:
    assert after_working_days(start, days, calendar=USUAL_CALENDAR) == end


@pytest.mark.parametrize(
    ("history", "steps"),
    [
        (["open"], []),
        (["open", "pending"], [("remind", 1, 2), ("remind", 2, 5), ("close", 0, 10)]),
        (["pending", "open"], []),
        (["resolved"], [("close", 0, 10)]),
        (["resolved", "closed"], []),
        (["resolved", "open", "pending"], [("remind", 1, 2), ("remind", 2, 5), ("close", 0, 10)]),
    ],
)
def test_the_last_status_decides_what_comes(history: list[str], steps: list[tuple[str, int, int]]) -> None:
    planned = plan_follow_ups(moved(*history), calendar=USUAL_CALENDAR, rules=USUAL_FOLLOW_UP)
    assert [(one.step, one.number, one.at) for one in planned] == [
        (Step(step), number, after_working_days(FRIDAY, days, calendar=USUAL_CALENDAR)) for step, number, days in steps
    ]
    assert {one.since for one in planned} <= {FRIDAY}


def test_a_contract_may_close_nothing_by_itself() -> None:
    rules = FollowUpRules(remind_after=(), close_waiting_after=None, close_resolved_after=None)
    for status in ("pending", "resolved"):
        assert plan_follow_ups(moved(status), calendar=USUAL_CALENDAR, rules=rules) == []


@pytest.mark.parametrize(
    "rules",
    [{"remind_after": (5, 2)}, {"remind_after": (0,)}, {"close_waiting_after": 5}, {"close_resolved_after": 0}],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="after"):
        FollowUpRules(**rules)  # type: ignore[arg-type]  # fields by name
