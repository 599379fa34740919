"""The clocks of a ticket: what starts, pauses, stops and restarts them, and what they then show."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.business_hours import ElapsedHours, hours_of
from gateway.domain.calendar import USUAL_CALENDAR
from gateway.domain.clock_reading import ClockState, Reading, explain, read_clock, read_current, span
from gateway.domain.clocks import Clocks, Guarantee, apply, fold
from gateway.domain.contract import USUAL_CONTRACT, Contract, Counting, Guarantees
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.ticket import Kind, Level, Severity, Status

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 20, 17, 0, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
ANA = "ana@support.example"
WORKING = Contract(
    guarantees=tuple(
        (severity, Guarantees(gti=12 * HOUR, gtr=24 * HOUR, counting=Counting.WORKING)) for severity in Severity
    )
)

Told = tuple[float, EventType, str] | tuple[float, EventType, str, By]


def history(*told: Told, severity: str = "blocking") -> list[TicketEvent]:
    """An incident that began on Friday at 17:00 Paris; times in hours after that. By an agent unless said otherwise."""
    begun = [(0, EventType.CREATED, ""), (0, EventType.KIND, "corrective"), (0, EventType.SEVERITY, severity)]
    events = []
    for hours, kind, value, *by in [*begun, *told]:
        act = by[0] if by else By.AGENT
        events.append(
            TicketEvent(type=kind, at=FRIDAY + hours * HOUR, by=act, author=ANA if act is By.AGENT else "", value=value)
        )  # type: ignore[arg-type]
    return events


def read(events: Sequence[TicketEvent], at: float, *, contract: Contract = USUAL_CONTRACT) -> tuple[Reading, Reading]:
    """GTI and GTR, so many hours after Friday 17:00."""
    clocks = fold(events, contract=contract)
    found = read_current(clocks, calendar=USUAL_CALENDAR, now=FRIDAY + at * HOUR)
    return found[Guarantee.GTI], found[Guarantee.GTR]


def hours_due(reading: Reading) -> float | None:
    return None if reading.due is None else (reading.due - FRIDAY) / HOUR


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


# Random histories, against a second way to compute: by looking back over the whole history, with no state.

STEPS = st.one_of(
    st.tuples(st.just(EventType.STATUS), st.sampled_from([status.value for status in Status])),
    st.tuples(st.just(EventType.SEVERITY), st.sampled_from(["", *(severity.value for severity in Severity)])),
    st.tuples(st.just(EventType.KIND), st.sampled_from([Kind.CORRECTIVE.value, Kind.ASSISTANCE.value])),
    st.tuples(st.just(EventType.LEVEL), st.sampled_from([level.value for level in Level])),
    st.tuples(st.just(EventType.ASSIGNED), st.sampled_from(["", ANA, "luc@support.example"])),
    st.tuples(st.sampled_from([EventType.ANSWERED, EventType.CALL_ANSWERED, EventType.WORKAROUND]), st.just("")),
)


@st.composite
def histories(draw: st.DrawFn) -> list[TicketEvent]:
    events, at = history(severity=draw(st.sampled_from(["", "blocking", "minor"]))), FRIDAY
    for pause, (kind, value), by in draw(
        st.lists(st.tuples(st.integers(0, 30 * 60), STEPS, st.sampled_from(By)), max_size=12)
    ):
        at += timedelta(minutes=pause)
        author = ANA if by is By.AGENT else ""
        events.append(TicketEvent(type=kind, at=at, by=by, author=author, value=value))
    return events


def looked_back(
    events: Sequence[TicketEvent], guarantee: Guarantee, now: datetime, contract: Contract
) -> tuple[str, timedelta]:
    """State and time spent of a current clock."""
    ended = {"resolved", "closed", "merged"}
    statuses = [(events[0].at, "new"), *((event.at, event.value) for event in events if event.type is EventType.STATUS)]
    first = 0
    for number, (earlier, later) in enumerate(pairwise(statuses), 1):
        if earlier[1] in ended and later[1] not in ended:
            first = number
    position = (
        0 if first == 0 else [index for index, event in enumerate(events) if event.type is EventType.STATUS][first - 1]
    )
    stop = next(
        (
            (index, met)
            for index, event in enumerate(events)
            if index >= position and (met := stops(event, guarantee)) is not None
        ),
        None,
    )
    end = now if stop is None else events[stop[0]].at
    spans = [*statuses[first:], (now, "")]
    counted = [
        (max(start, events[position].at), min(until, end))
        for (start, status), (until, _) in pairwise(spans)
        if status != "pending"
    ]
    terms = in_force(events if stop is None else events[: stop[0] + 1], guarantee, contract)
    if stop is not None and terms is None:
        terms = next(
            (
                found
                for size in range(stop[0] + 1, len(events) + 1)
                if (found := in_force(events[:size], guarantee, contract))
            ),
            None,
        )
    count = hours_of(USUAL_CALENDAR) if terms and terms.counting is Counting.WORKING else ElapsedHours()
    spent = sum((count.between(start, until) for start, until in counted if start < until), timedelta(0))
    allowed = None if terms is None else terms.gti if guarantee is Guarantee.GTI else terms.gtr
    if allowed is None:
        return "none", spent
    if spent > allowed:
        return "breached", spent
    if stop is not None:
        return ("met" if stop[1] else "none"), spent
    return ("paused" if statuses[-1][1] == "pending" else "running"), spent


def stops(event: TicketEvent, guarantee: Guarantee) -> bool | None:
    """None: it goes on. Else whether it is met."""
    agent = event.by is By.AGENT
    ends = event.type is EventType.STATUS and event.value in {"resolved", "closed", "merged"}
    if guarantee is Guarantee.GTR:
        met = (event.type is EventType.WORKAROUND and agent) or (ends and event.value == "resolved")
    else:
        acts = {EventType.ANSWERED, EventType.CALL_ANSWERED, EventType.WORKAROUND, EventType.STATUS}
        met = agent and (event.type in acts or (event.type is EventType.ASSIGNED and event.value == ANA))
    return True if met else False if ends else None


def in_force(events: Sequence[TicketEvent], guarantee: Guarantee, contract: Contract) -> Guarantees | None:
    last = {event.type: event.value for event in events}
    severity = last.get(EventType.SEVERITY)
    terms = contract.guarantees_for(
        Kind(last.get(EventType.KIND, "assistance")), Severity(severity) if severity else None
    )
    return terms if terms and (guarantee is Guarantee.GTI or terms.gtr) else None


@given(histories(), st.integers(0, 60), st.sampled_from([USUAL_CONTRACT, WORKING]))
def test_clocks_computed_step_by_step_are_those_of_the_whole_history(
    events: list[TicketEvent], later: int, contract: Contract
) -> None:
    now = events[-1].at + later * HOUR
    clocks = Clocks(contract=contract)
    for event in events:
        clocks = apply(clocks, event)
    assert clocks == fold(events, contract=contract)
    readings = read_current(clocks, calendar=USUAL_CALENDAR, now=now)
    for guarantee, reading in readings.items():
        assert (reading.state.value, reading.spent) == looked_back(events, guarantee, now, contract), guarantee


@given(histories(), st.integers(0, 60), st.sampled_from([USUAL_CONTRACT, WORKING]))
def test_what_ran_and_what_was_paused_is_all_the_time_there_was(
    events: list[TicketEvent], later: int, contract: Contract
) -> None:
    now = events[-1].at + later * HOUR
    clocks = fold(events, contract=contract)
    for clock in clocks.clocks:
        reading = read_clock(clock, clocks, calendar=USUAL_CALENDAR, now=now)
        assert all(start < end for start, end in clock.spans)
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(clock.spans))
        assert timedelta(0) <= reading.spent <= (clock.stopped_at or now) - clock.started_at
        if reading.state is ClockState.BREACHED:
            assert reading.due is not None
            assert reading.due < (clock.stopped_at or now)
        if reading.state is ClockState.RUNNING:
            assert reading.due is not None
            assert reading.due >= now
        explain(reading, clocks)


@given(histories())
def test_an_event_changes_nothing_that_was_already_on_record(events: list[TicketEvent]) -> None:
    clocks = Clocks(contract=USUAL_CONTRACT)
    for event in events:
        after = apply(clocks, event)
        assert after.past[: len(clocks.past)] == clocks.past
        for old, new in zip(clocks.current, after.current, strict=False):
            if old.stopped_at and new.started_at == old.started_at:
                assert (new.spans, new.stopped_at, new.met) == (old.spans, old.stopped_at, old.met)
        clocks = after
