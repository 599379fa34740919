"""The clocks of a ticket: what starts, pauses, stops and restarts them."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.business_hours import hours_of
from gateway.domain.calendar import USUAL_CALENDAR
from gateway.domain.clock_reading import ClockState, read_clock, read_current
from gateway.domain.clocks import Guarantee, fold
from gateway.domain.contract import USUAL_CONTRACT
from gateway.domain.events import By, EventType, TicketEvent
from tests.support.histories import ANA, FRIDAY, HOUR, WORKING, Told, history, hours_due, read


@pytest.mark.parametrize(
    ("severity", "gti", "gtr"), [("blocking", 12, 24), ("major", 24, 48), ("minor", 48, None), ("", None, None)]
)
def test_each_severity_has_its_times(severity: str, gti: float | None, gtr: float | None) -> None:
    readings = read(history(severity=severity), 1)
    assert tuple(hours_due(reading) for reading in readings) == (gti, gtr)
    assert [reading.state is ClockState.NONE for reading in readings] == [gti is None, gtr is None]


@pytest.mark.parametrize(
    ("at", "state"), [(11.99, "running"), (12, "running"), (12 + 1e-9, "breached"), (40, "breached")]
)
def test_a_clock_is_breached_only_after_the_moment_when_it_is_due(at: float, state: str) -> None:
    events = history()
    moment = FRIDAY + timedelta(microseconds=round(at * 3600 * 10**6 + (1 if 0 < at - 12 < 1e-6 else 0)))
    clocks = fold(events, contract=USUAL_CONTRACT)
    assert read_current(clocks, calendar=USUAL_CALENDAR, now=moment)[Guarantee.GTI].state == state


@pytest.mark.parametrize(
    ("event", "meets"),
    [
        ((5, EventType.ANSWERED, ""), True),
        ((5, EventType.CALL_ANSWERED, ""), True),
        ((5, EventType.ASSIGNED, ANA), True),
        ((5, EventType.STATUS, "open"), True),
        ((5, EventType.STATUS, "pending"), True),
        ((5, EventType.WORKAROUND, ""), True),
        ((5, EventType.ANSWERED, "", By.GATEWAY), False),  # an acknowledgement
        ((5, EventType.ANSWERED, "", By.REPORTER), False),
        ((5, EventType.STATUS, "open", By.REPORTER), False),
        ((5, EventType.STATUS, "open", By.GATEWAY), False),
        ((5, EventType.ASSIGNED, "luc@support.example"), False),  # given to somebody who has not moved yet
        ((5, EventType.ASSIGNED, ""), False),
        ((5, EventType.ASSIGNED, ANA, By.GATEWAY), False),
        ((5, EventType.LEVEL, "N2"), False),  # handed on, not taken
        ((5, EventType.SEVERITY, "blocking"), False),
        ((5, EventType.KIND, "corrective"), False),
    ],
)
def test_only_an_act_of_an_agent_meets_the_gti(event: Told, meets: bool) -> None:
    gti, _ = read(history(event), 6)
    assert gti.state == ("met" if meets else "running")
    assert (gti.clock.stopped_at == FRIDAY + 5 * HOUR) is meets


@pytest.mark.parametrize(
    ("event", "meets"),
    [
        ((5, EventType.STATUS, "resolved"), True),
        ((5, EventType.STATUS, "resolved", By.REPORTER), True),
        ((5, EventType.WORKAROUND, ""), True),
        ((5, EventType.WORKAROUND, "", By.REPORTER), False),
        ((5, EventType.ANSWERED, ""), False),
        ((5, EventType.STATUS, "open"), False),
        ((5, EventType.ASSIGNED, ANA), False),
    ],
)
def test_the_gtr_is_met_by_resolving_or_by_a_workaround_of_an_agent(event: Told, meets: bool) -> None:
    _, gtr = read(history(event), 6)
    assert gtr.state == ("met" if meets else "running")


@pytest.mark.parametrize("status", ["closed", "merged"])
def test_a_ticket_that_is_closed_or_merged_ends_what_was_not_met(status: str) -> None:
    gti, gtr = read(history((5, EventType.STATUS, status, By.GATEWAY)), 90)
    assert (gti.state, gtr.state) == ("none", "none")
    gti, gtr = read(history((13, EventType.STATUS, status, By.GATEWAY)), 90)
    assert (gti.state, gtr.state) == ("breached", "none"), "what was late stays late"


def test_clocks_pause_while_the_reporter_is_waited_for() -> None:
    asked = history((2, EventType.STATUS, "pending"))
    _, gtr = read(asked, 50)
    assert (gtr.state, gtr.due, gtr.spent) == (ClockState.PAUSED, None, 2 * HOUR)
    answered = [*asked, *history((50, EventType.STATUS, "open", By.REPORTER))[3:]]
    _, gtr = read(answered, 51)
    assert (gtr.state, hours_due(gtr), gtr.spent) == (ClockState.RUNNING, 72, 3 * HOUR)


def test_ten_pauses_are_ten_pauses() -> None:
    told: list[Told] = []
    for number in range(10):
        told += [(2 * number + 1, EventType.STATUS, "pending"), (2 * number + 2, EventType.STATUS, "open", By.REPORTER)]
    _, gtr = read(history(*told), 20)
    assert (gtr.spent, hours_due(gtr)) == (10 * HOUR, 34)


def test_a_breach_while_a_ticket_then_waits_stays_a_breach() -> None:
    _, gtr = read(history((30, EventType.STATUS, "pending")), 31)
    assert (gtr.state, hours_due(gtr)) == (ClockState.BREACHED, 24)


def test_another_severity_measures_the_same_past_anew() -> None:
    raised = history((20, EventType.SEVERITY, "blocking", By.AGENT), severity="minor")
    gti, gtr = read(raised, 20)
    assert (gti.state, hours_due(gti)) == (ClockState.BREACHED, 12)
    assert (gtr.state, hours_due(gtr)) == (ClockState.RUNNING, 24)
    lowered = history((20, EventType.SEVERITY, "minor", By.AGENT))
    gti, gtr = read(lowered, 20)
    assert (gti.state, hours_due(gti), gtr.state) == (ClockState.RUNNING, 48, ClockState.NONE)


def test_what_was_met_stays_met_whatever_the_severity_becomes() -> None:
    gti, _ = read(history((15, EventType.ANSWERED, ""), (16, EventType.SEVERITY, "blocking"), severity="minor"), 20)
    assert (gti.state, hours_due(gti)) == (ClockState.MET, 48)


def test_what_stopped_before_any_severity_was_set_is_judged_by_the_first() -> None:
    late = [*history((15, EventType.ANSWERED, ""), severity=""), *history((16, EventType.SEVERITY, "blocking"))[3:]]
    gti, _ = read(late, 20)
    assert (gti.state, hours_due(gti)) == (ClockState.BREACHED, 12)
    gti, _ = read(late[:-1], 20)
    assert gti.state is ClockState.NONE


def test_another_kind_of_work_has_no_clocks_and_gets_them_back_with_its_whole_past() -> None:
    question = [*history(), *history((1, EventType.KIND, "assistance"))[3:]]
    assert [reading.state for reading in read(question, 5)] == [ClockState.NONE] * 2
    incident = [*question, *history((10, EventType.KIND, "corrective"))[3:]]
    assert [hours_due(reading) for reading in read(incident, 11)] == [12, 24]


def test_a_reopened_ticket_has_new_clocks_and_keeps_the_old_ones() -> None:
    events = history(
        (1, EventType.ANSWERED, ""), (20, EventType.STATUS, "resolved"), (30, EventType.STATUS, "open", By.REPORTER)
    )
    clocks = fold(events, contract=USUAL_CONTRACT)
    gti, gtr = read(events, 31)
    assert (gti.state, hours_due(gti)) == (ClockState.RUNNING, 42)
    assert (gtr.state, hours_due(gtr)) == (ClockState.RUNNING, 54)
    old = [read_clock(clock, clocks, calendar=USUAL_CALENDAR, now=FRIDAY + 99 * HOUR) for clock in clocks.past]
    assert [(reading.clock.guarantee, reading.state, hours_due(reading)) for reading in old] == [
        (Guarantee.GTI, ClockState.MET, 12),
        (Guarantee.GTR, ClockState.MET, 24),
    ]


def test_an_agent_who_reopens_has_it_in_hand() -> None:
    gti, gtr = read(history((20, EventType.STATUS, "resolved"), (30, EventType.STATUS, "open")), 60)
    assert (gti.state, gti.spent, gtr.state) == (ClockState.MET, timedelta(0), ClockState.BREACHED)


def test_another_contract_counts_the_same_past_in_its_own_hours() -> None:
    changed = TicketEvent(type=EventType.CONTRACT, at=FRIDAY + HOUR, by=By.GATEWAY, value=json.dumps(WORKING.as_json()))
    gti, _ = read([*history(), changed], 2)
    assert gti.spent == HOUR / 2, "of the two hours since 17:00 half an hour was worked"
    assert gti.due == hours_of(USUAL_CALENDAR).add(FRIDAY, 12 * HOUR)


def test_working_hours_pass_over_the_weekend() -> None:
    gti, _ = read(history(), 60, contract=WORKING)
    due = datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("Europe/Paris"))
    assert (gti.state, gti.due, gti.spent) == (ClockState.RUNNING, due, HOUR / 2)
