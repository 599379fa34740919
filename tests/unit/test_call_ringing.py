"""Agents are rung one by one, by the roster and the rules, and one who presses 1 is joined to the caller."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telephony import ringing
from telephony.flow import go_on
from telephony.line import Heard
from tests.support.calls import (
    AFTER_HOURS,
    AGENTS,
    CODE,
    IN_HOURS,
    RULES,
    action,
    attributes,
    line,
    parsed,
    spoken,
    state_of,
    verbs,
)
from tests.support.flow import BUSY, NO_ANSWER, RANG, TALKED, call, names, step


def test_the_right_code_in_hours_rings_the_first_agent_on_duty() -> None:
    answer = call(line(), *RANG)
    assert names(answer) == ["ticket.matched", "agent.rung"]
    assert verbs(answer.document) == ["Say", "Dial"]
    dialled = attributes(answer.document, "Dial")
    assert (dialled["timeout"], dialled["callerId"], dialled["answerOnBridge"]) == ("15", "+33199001234", "true")
    assert [number.text for number in parsed(answer.document).iter("Number")] == [AGENTS[0].number]


def test_agents_are_rung_one_after_the_other_and_then_a_message_is_offered() -> None:
    answer = call(line(), *RANG, BUSY)
    assert [number.text for number in parsed(answer.document).iter("Number")] == [AGENTS[1].number]
    answer = step(line(), answer, NO_ANSWER)
    assert names(answer) == ["agent.ended", "message.offered"]
    assert "Aucun agent" in spoken(answer.document)
    assert verbs(step(line(), answer, "").document) == ["Record"]


def test_no_more_agents_are_rung_than_the_rules_say() -> None:
    many = tuple(replace(AGENTS[0], person_id=number) for number in range(9))
    answer, rung = call(line(agents=many), *RANG), 0
    while "agent.rung" in names(answer):
        answer, rung = step(line(agents=many), answer, NO_ANSWER), rung + 1
    assert rung == RULES.max_agents


def test_nobody_is_rung_once_the_time_for_it_is_over() -> None:
    answer = call(line(), *RANG)
    url = action(answer.document) or ""
    for seconds, verb in ((119, "Dial"), (120, "Gather")):
        later = line(now=IN_HOURS + timedelta(seconds=seconds))
        assert verbs(go_on(later, state_of(url, now=later.now), BUSY).document) == [verb]


@pytest.mark.parametrize(("minutes", "verb"), [(29, "Dial"), (44, "Dial"), (45, "Gather")])
def test_a_call_that_began_in_time_is_served_until_a_quarter_of_an_hour_after_closing(minutes: int, verb: str) -> None:
    began = datetime(2026, 11, 24, 16, 29, 59, tzinfo=UTC)
    answer = call(line(now=began), "1", CODE)
    later = line(now=datetime(2026, 11, 24, 16, minutes, 59, tzinfo=UTC))
    answer = go_on(later, state_of(action(answer.document) or "", now=later.now), Heard(digits="1"))
    assert verbs(answer.document)[-1] == verb


def test_with_nobody_on_duty_a_message_is_offered_at_once() -> None:
    assert names(call(line(agents=()), *RANG)) == ["ticket.matched", "message.offered"]


def test_after_a_conversation_the_call_ends_and_after_a_cut_a_message_is_offered() -> None:
    assert verbs(call(line(), *RANG, TALKED).document) == ["Say", "Hangup"]
    assert "message.offered" in names(call(line(), *RANG, replace(TALKED, seconds=3)))


STATUSES = ("completed", "answered", "busy", "no-answer", "failed", "canceled")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("bridged", [True, False, None])
@pytest.mark.parametrize("accepted", [True, False, None])
@pytest.mark.parametrize("seconds", [0, 9, 120])
def test_they_were_joined(status: str, bridged: bool | None, accepted: bool | None, seconds: int) -> None:
    heard = Heard(status=status, bridged=bridged, accepted=accepted, seconds=seconds)
    if accepted is False or bridged is False:
        wanted = False
    elif bridged:
        wanted = True
    else:
        wanted = status in {"completed", "answered"} and (accepted is True or seconds == 120)
    assert ringing.was_joined(heard) is wanted


def test_a_whisper_names_the_ticket_to_the_agent_and_hangs_up_on_silence() -> None:
    state = state_of(action(call(line(), *RANG).document) or "", now=IN_HOURS)
    whispered = ringing.whisper(line(), state)
    assert "D, E, M, O, 4, 2" in spoken(whispered.document)
    assert verbs(whispered.document) == ["Gather", "Hangup"]
    assert "non vérifié" in spoken(ringing.whisper(line(), replace(state, verified=False)).document)


@pytest.mark.parametrize(
    ("key", "name", "what"),
    [("1", "accepted", []), ("2", "refused", ["Hangup"]), ("", "silent", ["Hangup"]), ("*", "refused", ["Hangup"])],
)
def test_one_takes_the_call_and_nothing_else_does(key: str, name: str, what: list[str]) -> None:
    state = state_of(action(call(line(), *RANG).document) or "", now=IN_HOURS)
    answer = ringing.screen(state, Heard(digits=key))
    assert (names(answer), verbs(answer.document)) == ([f"agent.{name}"], what)


def test_while_the_tickets_cannot_be_looked_at_a_good_code_is_put_through_unverified_up_to_a_limit() -> None:
    blind = line(codes={}, is_fresh=False)
    assert names(call(blind, *RANG)) == ["ticket.unverified", "agent.rung"]
    assert "told.refused" in names(call(replace(blind, may_trust=False), *RANG))
    assert "told.refused" in names(call(blind, "", "12345678", "", ""))
    late = replace(blind, now=AFTER_HOURS, may_trust=False)
    assert names(call(late, "", "1", CODE, "1")) == ["ticket.unverified", "message.offered"]


def test_an_open_line_rings_for_anybody() -> None:
    answer = call(line(takes_any_call=True), "")
    assert names(answer) == ["language", "ticket.wanted", "agent.rung"]
    state = state_of(action(answer.document) or "", now=IN_HOURS)
    assert "sans ticket" in spoken(ringing.whisper(line(), state).document)
