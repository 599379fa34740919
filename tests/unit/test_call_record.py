"""A call's record is what its events say, whatever order they are heard in and however often."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.call import Attempt, CallEvent, CallRecord, Outcome, fold_call, is_eligible
from gateway.domain.ticket import Kind, Severity, Status
from tests.support.call_events import ANSWERED, ELIGIBLE, LEG, MISSED, WITH_MESSAGE, event, final, step


def record(*events: CallEvent) -> CallRecord:
    return fold_call(events)


@pytest.mark.parametrize("events", [ANSWERED, WITH_MESSAGE, MISSED], ids=["answered", "message", "missed"])
@given(data=st.data())
def test_any_order_with_any_repetition_gives_the_same_record(events: Sequence[CallEvent], data: st.DataObject) -> None:
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=8))
    assert fold_call(data.draw(st.permutations([*events, *repeated]))) == fold_call(events)


def test_every_order_of_status_dial_and_recording_gives_the_same_record() -> None:
    chosen = [*WITH_MESSAGE[:1], *WITH_MESSAGE[-5:]]
    assert len({repr(fold_call(order)) for order in permutations(chosen)}) == 1


def test_an_answered_call_says_who_when_and_how_long() -> None:
    found = record(*ANSWERED)
    assert (found.outcome, found.answered_by, found.talk_seconds, found.total_seconds) == ("answered", 8, 180, 240)
    assert found.attempts == (
        Attempt(agent=7, outcome="no-answer", seconds=15),
        Attempt(agent=8, outcome="answered", seconds=180),
    )
    assert found.waiting_seconds == 40
    assert found.has_ended
    assert not found.wants_callback


JOINED = ("completed", "answered")


@pytest.mark.parametrize("status", [*JOINED, "busy", "no-answer", "failed", "canceled"])
@pytest.mark.parametrize("bridged", [True, False, None])
@pytest.mark.parametrize("accepted", [True, False])
def test_answered_is_accepted_and_joined(status: str, bridged: bool | None, accepted: bool) -> None:
    ended = {"name": "agent.ended", "agent": 7, "status": status, "bridged": bridged, "seconds": 9}
    events = [*ELIGIBLE, step(5, ended), final(60)]
    if accepted:
        events.append(event("screen", 4, steps=[{"name": "agent.accepted", "agent": 7}]))
    joined = bridged if bridged is not None else status in JOINED
    assert (record(*events).outcome is Outcome.ANSWERED) is (accepted and joined)


def test_a_mobile_voicemail_that_takes_off_answers_nothing() -> None:
    ended = {"name": "agent.ended", "agent": 7, "status": "completed", "bridged": False, "seconds": 12}
    found = record(*ELIGIBLE, step(5, ended), final(60))
    assert (found.outcome, found.attempts[0].outcome) == (Outcome.MISSED, "silent")
    assert found.wants_callback


def test_a_call_that_ended_is_never_under_way_again() -> None:
    late = event("status", 0, seconds_later=90, status="ringing")
    assert record(*ANSWERED, late).status == "completed"
    assert record(event("status", 0, status="in-progress"), late).status == "in-progress"


def test_a_callback_of_an_unknown_call_is_a_call_and_the_rest_completes_it() -> None:
    found = record(final(60))
    assert (found.source, found.total_seconds, found.outcome) == ("callback", 60, Outcome.ABANDONED)
    assert found.started_at == record(*ELIGIBLE, final(60)).started_at
    assert record(final(60), *ELIGIBLE).source == "webhook"


def test_an_agents_leg_never_ends_the_callers_call() -> None:
    found = record(*ELIGIBLE, LEG)
    assert (found.status, found.outcome) == ("in-progress", Outcome.UNDER_WAY)
    assert found.attempts == (Attempt(agent=7, outcome="no-answer", seconds=15),)


def told(*names: str, **more: Any) -> list[CallEvent]:
    return [event("voice", 0, steps=[{"name": name, **more} for name in names]), final(20)]


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        (told(), Outcome.ABANDONED),
        (told("told.refused"), Outcome.REDIRECTED),
        (told("told.closed"), Outcome.OUT_OF_HOURS),
        (told("told.closed", "told.refused"), Outcome.REDIRECTED),
        (told("apology"), Outcome.ERROR),
        (told("ticket.matched", ticket="DEMO-1"), Outcome.MISSED),
        (told("ticket.unverified", code="1"), Outcome.MISSED),
        (told("message.left", recording="RE1", seconds=9), Outcome.MESSAGE),
        (told("message.empty", recording="RE1", seconds=1), Outcome.ABANDONED),
        (told("ticket.matched", "caller.gone", ticket="DEMO-1")[:1], Outcome.MISSED),
        (told("ticket.matched", ticket="DEMO-1")[:1], Outcome.UNDER_WAY),
    ],
)
def test_what_became_of_a_call(events: list[CallEvent], outcome: Outcome) -> None:
    assert record(*events).outcome is outcome


@pytest.mark.parametrize(
    ("status", "seconds"), [("completed", 9), ("absent", 9), ("failed", 9), ("in-progress", 9), ("completed", 12)]
)
def test_a_message_is_known_by_the_call_and_by_its_file_whichever_is_heard_of(status: str, seconds: int) -> None:
    left = {"name": "message.left", "recording": "RE1", "seconds": 9}
    told_of = event("recording", 0, recording={"id": "RE1", "status": status, "seconds": seconds})
    (message,) = record(event("step", 5, steps=[left]), told_of).messages
    assert (message.status, message.seconds) == (status, seconds)
    assert record(told_of).messages == (message,)


def test_minutes_are_never_taken_for_seconds() -> None:
    assert record(event("status", 0, status="completed", seconds=61, params={"Duration": "2"})).total_seconds == 61


def test_times_are_those_of_the_events() -> None:
    began = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert record(*ELIGIBLE, final(60)).started_at == began
    assert record(*ELIGIBLE, final(60)).ended_at == began + timedelta(seconds=60)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("severity", [None, *Severity])
@pytest.mark.parametrize("status", Status)
def test_a_ticket_may_be_called_about(kind: Kind, severity: Severity | None, status: Status) -> None:
    """It is an open, blocking incident."""
    wanted = (kind, severity) == (Kind.CORRECTIVE, Severity.BLOCKING) and status in {"new", "open", "pending"}
    assert is_eligible(kind=kind, severity=severity, status=status) is wanted
