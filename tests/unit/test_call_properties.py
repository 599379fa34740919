"""No input in any state leaves a caller nowhere, tells anything of a ticket, or makes a document that is faulty."""

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.flow import MAX_TRIES, begin, go_on
from telephony.line import Heard
from telephony.twiml import render
from telephony.twiml_lint import faults
from tests.support.calls import (
    AFTER_HOURS,
    BASE,
    CODE,
    IN_HOURS,
    OTHER_CODE,
    RULES,
    VOICES,
    action,
    line,
    spoken,
    state_of,
    verbs,
)
from tests.support.flow import RANG, call

STATUSES = ("completed", "answered", "busy", "no-answer", "failed", "canceled")
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
    may_text=st.booleans(),
    is_fresh=st.booleans(),
    message_without_code=st.booleans(),
    throttled=st.booleans(),
)
def test_no_input_leaves_a_dead_end_a_leak_or_a_fault(
    heard: list[Heard],
    now: datetime,
    takes_any_call: bool,
    may_text: bool,
    is_fresh: bool,
    message_without_code: bool,
    throttled: bool,
) -> None:
    """Whatever is keyed, and whenever the caller hangs up, each document is whole and the call comes to an end."""
    rules = RULES.model_copy(update={"message_without_code": message_without_code})
    at = line(now=now, takes_any_call=takes_any_call, may_text=may_text, is_fresh=is_fresh, rules=rules)
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
