"""The call by script: who reaches an agent, who is told what to do, and that no input leaves a caller nowhere."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.ticket import Language
from telephony import ringing
from telephony.flow import MAX_TRIES, apologise, begin, go_on, keyed_code
from telephony.line import Answer, Heard, Line
from telephony.state import Question
from telephony.twiml import render
from telephony.twiml_lint import faults
from tests.support.calls import (
    AFTER_HOURS,
    AGENTS,
    BASE,
    CODE,
    IN_HOURS,
    OTHER_CODE,
    RULES,
    VOICES,
    action,
    attributes,
    line,
    parsed,
    spoken,
    state_of,
    verbs,
)


def step(at: Line, answer: Answer, heard: Heard | str) -> Answer:
    """The next answer: keys or more were heard."""
    url = action(answer.document)
    assert url is not None, "the call is over"
    return go_on(at, state_of(url, now=at.now), Heard(digits=heard) if isinstance(heard, str) else heard)


def call(at: Line, *heard: Heard | str) -> Answer:
    """The last answer of a call in which so much was heard."""
    answer = begin(at, Heard())
    for one in heard:
        answer = step(at, answer, one)
    return answer


def names(answer: Answer) -> list[str]:
    return [one.name for one in answer.steps]


BUSY, NO_ANSWER = Heard(status="busy", bridged=False), Heard(status="no-answer", bridged=False)
TALKED = Heard(status="completed", bridged=True, seconds=180)
RANG = ("1", CODE, "1")


def test_the_right_code_in_hours_rings_the_first_agent_on_duty() -> None:
    answer = call(line(), *RANG)
    assert names(answer) == ["ticket.matched", "agent.rung"]
    assert verbs(answer.document) == ["Say", "Dial"]
    dialled = attributes(answer.document, "Dial")
    assert (dialled["timeout"], dialled["callerId"], dialled["answerOnBridge"]) == ("15", "+33199001234", "true")
    assert [number.text for number in parsed(answer.document).iter("Number")] == [AGENTS[0].number]


def test_french_comes_first_and_english_by_its_key() -> None:
    first = begin(line(), Heard())
    assert [element.attrib["language"] for element in parsed(first.document).iter("Say")] == ["fr-FR", "en-GB"]
    for key, language in (("", "fr-FR"), ("1", "fr-FR"), ("2", "en-GB"), ("7", "fr-FR")):
        later = step(line(), first, key)
        assert {element.attrib["language"] for element in parsed(later.document).iter("Say")} == {language}


def test_the_code_is_read_back_digit_by_digit() -> None:
    answer = call(line(), "", CODE)
    assert "1, 2, 3, 4, 5, 6" in spoken(answer.document)
    assert state_of(action(answer.document) or "", now=IN_HOURS).question is Question.CONFIRM


def test_two_begins_the_code_again() -> None:
    answer = call(line(), "", CODE, "2")
    assert state_of(action(answer.document) or "", now=IN_HOURS).question is Question.CODE


@pytest.mark.parametrize(
    ("keys", "code"),
    [("", ""), ("12345678", "12345678"), ("12*345", "345"), ("12*", ""), ("1" * 40, "1" * 9), ("0", "0"), ("١٢", "")],
)
def test_what_was_keyed(keys: str, code: str) -> None:
    assert keyed_code(keys) == code


REFUSAL = "ne pouvons pas vous mettre en relation"


@pytest.mark.parametrize(
    "heard",
    [
        ("", OTHER_CODE, "1"),
        ("", "0"),
        ("", "", "", ""),
        ("", "12345678", "1", "99999999"),
        ("", CODE, "2", CODE, "2", CODE, "2"),
        ("", CODE, "", "", ""),
    ],
    ids=["another code", "no code", "silence", "mistakes", "never sure", "no word to the read-back"],
)
def test_every_refusal_is_the_same_sentence_and_ends_the_call(heard: tuple[str, ...]) -> None:
    """So the line tells nobody which codes there are."""
    answer = call(line(), *heard)
    assert names(answer)[-1] == "told.refused"
    assert spoken(answer.document) == spoken(call(line(), "", "0").document)
    assert REFUSAL in spoken(answer.document)
    assert verbs(answer.document)[-1] == "Hangup"


def test_a_ticket_reported_after_the_call_began_does_not_count() -> None:
    (key, ticket), *_ = line().codes.items()
    later = line(codes={key: replace(ticket, since=IN_HOURS + timedelta(minutes=1))})
    assert "told.refused" in names(call(later, *RANG))


def test_a_ticket_of_a_project_that_has_another_number_does_not_count() -> None:
    assert "told.refused" in names(call(line(projects=frozenset({"SHOP"})), *RANG))


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


OPENINGS = [
    (datetime(2026, 11, 24, 7, 59, 59, tzinfo=UTC), False),
    (datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC), True),
    (datetime(2026, 11, 24, 16, 29, 59, tzinfo=UTC), True),
    (datetime(2026, 11, 24, 16, 30, 0, tzinfo=UTC), False),
    (datetime(2026, 7, 15, 7, 0, 0, tzinfo=UTC), True),
    (datetime(2026, 7, 14, 9, 0, 0, tzinfo=UTC), False),
    (datetime(2026, 11, 28, 9, 0, 0, tzinfo=UTC), False),
]


@pytest.mark.parametrize(("now", "is_open"), OPENINGS, ids=str)
def test_the_hours_are_half_open_and_of_paris(now: datetime, is_open: bool) -> None:
    answer = call(line(now=now), "")
    assert ("told.closed" in names(answer)) is not is_open
    assert ("réservée aux incidents bloquants" in spoken(answer.document)) is is_open


def test_who_is_late_hears_the_hours_the_next_opening_and_the_platform() -> None:
    words = spoken(call(line(now=AFTER_HOURS), "").document)
    assert "du lundi au vendredi de 9 heures à 17 heures 30, hors jours fériés" in words
    assert "le lundi 4 mai à 9 heures" in words
    assert "support point example point org" in words
    english = spoken(call(line(now=AFTER_HOURS), "2").document)
    assert "Monday to Friday from 9:00 to 17:30, except on public holidays" in english
    assert "on Monday 4 May at 9:00" in english


def test_out_of_hours_an_eligible_code_leads_to_a_message_and_rings_nobody() -> None:
    answer = call(line(now=AFTER_HOURS), "", "1", CODE, "1")
    assert names(answer) == ["ticket.matched", "message.offered"]
    assert "rappellerons" in spoken(step(line(now=AFTER_HOURS), answer, "9").document)
    assert verbs(call(line(now=AFTER_HOURS), "", "").document) == ["Say", "Hangup"]


def test_a_message_is_announced_with_purpose_time_and_rights_before_the_tone() -> None:
    offered = call(line(agents=()), *RANG)
    for word in (
        "2 minutes",
        "traiter votre demande",
        "90 jours",
        "l'effacement",
        "support arobase demo point example",
    ):
        assert word in spoken(offered.document)
    recorded = step(line(agents=()), offered, "")
    assert attributes(recorded.document, "Record")["maxLength"] == "120"
    left = step(line(agents=()), recorded, Heard(seconds=20, recording="RE1"))
    assert names(left) == ["message.left"]
    assert names(step(line(agents=()), recorded, Heard(seconds=1))) == ["message.empty"]


def test_while_the_tickets_cannot_be_looked_at_a_good_code_is_put_through_unverified_up_to_a_limit() -> None:
    blind = line(codes={}, is_fresh=False)
    assert names(call(blind, *RANG)) == ["ticket.unverified", "agent.rung"]
    assert "told.refused" in names(call(replace(blind, may_trust=False), *RANG))
    assert "told.refused" in names(call(blind, "", "12345678", "", ""))
    late = replace(blind, now=AFTER_HOURS, may_trust=False)
    assert names(call(late, "", "1", CODE, "1")) == ["ticket.unverified", "message.offered"]


def test_a_number_that_guessed_too_often_goes_to_a_message_at_once() -> None:
    assert names(begin(line(), Heard(is_throttled=True))) == ["call.received", "message.offered"]


def test_an_open_line_rings_for_anybody() -> None:
    answer = call(line(takes_any_call=True), "")
    assert names(answer) == ["language", "ticket.wanted", "agent.rung"]
    state = state_of(action(answer.document) or "", now=IN_HOURS)
    assert "sans ticket" in spoken(ringing.whisper(line(), state).document)


def test_without_a_code_a_message_may_be_left_where_the_rules_say_so() -> None:
    kind = line(rules=RULES.model_copy(update={"message_without_code": True}))
    assert names(call(kind, "", "0", "1")) == ["message.offered"]
    assert verbs(call(kind, "", "0", "").document) == ["Say", "Hangup"]


def test_an_apology_is_in_both_languages_and_takes_a_message() -> None:
    answer = apologise(line(), None)
    assert {one.attrib["language"] for one in parsed(answer.document).iter("Say")} == {"fr-FR", "en-GB"}
    assert verbs(answer.document)[-1] == "Record"


KEYS = st.one_of(st.sampled_from(["", "0", "1", "2", "9", "*", CODE, OTHER_CODE, f"12*{CODE}"]), st.text(max_size=12))
HEARD = st.builds(
    Heard,
    digits=KEYS,
    is_gone=st.integers(0, 9).map(lambda chance: chance == 0),
    status=st.sampled_from(["", *STATUSES]),
    bridged=st.sampled_from([True, False, None]),
    accepted=st.sampled_from([True, False, None]),
    seconds=st.integers(0, 4000),
    recording=st.sampled_from(["", "RE" + "0" * 32]),
)
MOST_REQUESTS = 25
TOLD = ("DEMO-42", "DEMO", "D, E, M, O", "Imprimante", "bloquant ouvert", "marie@client.example")


@settings(max_examples=300, deadline=None)
@given(
    heard=st.lists(HEARD, min_size=MOST_REQUESTS, max_size=MOST_REQUESTS),
    now=st.sampled_from([IN_HOURS, AFTER_HOURS]),
    takes_any_call=st.booleans(),
    is_fresh=st.booleans(),
    message_without_code=st.booleans(),
    throttled=st.booleans(),
)
def test_no_input_leaves_a_dead_end_a_leak_or_a_fault(
    heard: list[Heard],
    now: datetime,
    takes_any_call: bool,
    is_fresh: bool,
    message_without_code: bool,
    throttled: bool,
) -> None:
    """Whatever is keyed, and whenever the caller hangs up, each document is whole and the call comes to an end."""
    rules = RULES.model_copy(update={"message_without_code": message_without_code})
    at = line(now=now, takes_any_call=takes_any_call, is_fresh=is_fresh, rules=rules)
    answer, left = begin(at, Heard(is_throttled=throttled)), list(heard)
    while True:
        assert faults(render(answer.document), base_url=BASE, voices=VOICES) == []
        assert not [word for word in TOLD if word in spoken(answer.document)]
        url = action(answer.document)
        if url is None:
            assert verbs(answer.document)[-1] == "Hangup"
            break
        assert left, "the call goes on for ever"
        state = state_of(url, now=now)
        assert state.tries <= MAX_TRIES
        one = left.pop()
        answer = go_on(at, state, one)
        if one.is_gone:
            assert verbs(answer.document) == ["Hangup"]


def test_the_same_request_has_the_same_answer_to_the_byte() -> None:
    assert render(call(line(), *RANG).document) == render(call(line(), *RANG).document)


def test_prompts_speak_english_after_english_was_chosen() -> None:
    answer = call(line(), "2", CODE, "1", BUSY, NO_ANSWER)
    assert "No agent is free" in spoken(answer.document)
    assert state_of(action(answer.document) or "", now=IN_HOURS).lang is Language.EN
