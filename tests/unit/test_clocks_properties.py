"""Clocks over random histories, against a second way to compute: looking back over the whole history, with no state."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.business_hours import ElapsedHours, hours_of
from gateway.domain.calendar import USUAL_CALENDAR
from gateway.domain.clock_reading import ClockState, explain, read_clock, read_current
from gateway.domain.clocks import Clocks, Guarantee, apply, fold
from gateway.domain.contract import USUAL_CONTRACT, Contract, Counting, Guarantees
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.ticket import Kind, Level, Severity, Status
from tests.support.histories import ANA, FRIDAY, HOUR, WORKING, history

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
