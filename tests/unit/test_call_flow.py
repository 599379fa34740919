"""The call by script: who reaches an agent, who is told what to do, and that no input leaves a caller nowhere."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.ticket import Language
from telephony.flow import apologise, begin, keyed_code
from telephony.line import Heard
from telephony.state import Question
from tests.support.calls import (
    AFTER_HOURS,
    CODE,
    IN_HOURS,
    OTHER_CODE,
    RULES,
    action,
    attributes,
    line,
    parsed,
    spoken,
    state_of,
    verbs,
)
from tests.support.flow import BUSY, NO_ANSWER, RANG, call, names, step


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


def test_a_number_that_guessed_too_often_goes_to_a_message_at_once() -> None:
    assert names(begin(line(), Heard(is_throttled=True))) == ["call.received", "message.offered"]


def test_without_a_code_a_message_may_be_left_where_the_rules_say_so() -> None:
    kind = line(rules=RULES.model_copy(update={"message_without_code": True}))
    assert names(call(kind, "", "0", "1")) == ["message.offered"]
    assert verbs(call(kind, "", "0", "").document) == ["Say", "Hangup"]


def test_an_apology_is_in_both_languages_and_takes_a_message() -> None:
    answer = apologise(line(), None)
    assert {one.attrib["language"] for one in parsed(answer.document).iter("Say")} == {"fr-FR", "en-GB"}
    assert verbs(answer.document)[-1] == "Record"


def test_prompts_speak_english_after_english_was_chosen() -> None:
    answer = call(line(), "2", CODE, "1", BUSY, NO_ANSWER)
    assert "No agent is free" in spoken(answer.document)
    assert state_of(action(answer.document) or "", now=IN_HOURS).lang is Language.EN


MOBILE = line(may_text=True)


@pytest.mark.parametrize("heard", [("", OTHER_CODE, "1"), ("", "0")], ids=["another code", "no code"])
def test_who_is_refused_may_have_the_address_sent_and_is_only_if_they_press_for_it(heard: tuple[str, ...]) -> None:
    offered = call(MOBILE, *heard)
    assert "par SMS, tapez 2" in spoken(offered.document)
    assert names(step(MOBILE, offered, "2")) == ["text.wanted"]
    for key in ("", "1", "9"):
        assert names(step(MOBILE, offered, key)) == []
    assert "SMS" not in spoken(call(line(), *heard).document)


def test_out_of_hours_too_and_in_english() -> None:
    late = line(may_text=True, now=AFTER_HOURS)
    offered = call(late, "2")
    assert "by text message, press 2" in spoken(offered.document)
    answer = step(late, offered, "2")
    assert (names(answer), verbs(answer.document)[-1]) == (["text.wanted"], "Hangup")
    assert "You will get a text message" in spoken(answer.document)


def test_with_both_offers_each_key_does_its_own() -> None:
    both = line(may_text=True, rules=RULES.model_copy(update={"message_without_code": True}))
    offered = call(both, "", "0")
    assert "tapez 1" in spoken(offered.document)
    assert names(step(both, offered, "1")) == ["message.offered"]
    assert names(step(both, offered, "2")) == ["text.wanted"]


def test_an_open_line_that_is_closed_takes_a_message_which_becomes_a_ticket() -> None:
    late = line(takes_any_call=True, now=AFTER_HOURS)
    closed = call(late, "")
    assert "Pour laisser un message, tapez 1" in spoken(closed.document)
    answer = step(late, closed, "1")
    assert names(answer) == ["ticket.wanted", "message.offered"]
    assert dict(answer.steps[0].facts) == {"project": "DEMO", "lang": "fr", "begun": int(AFTER_HOURS.timestamp())}
    assert names(step(late, closed, "")) == []
