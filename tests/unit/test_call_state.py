"""The state of a call is worth something in that call alone, unaltered, and for half an hour."""

from datetime import timedelta

import pytest

from gateway.domain.ticket import Language
from telephony.state import BadState, Question, State, read_state, sign_state
from tests.support.calls import CALL, IN_HOURS, KEY

STATE = State(
    question=Question.CONFIRM,
    project="DEMO",
    begun=1_795_510_800,
    is_open=True,
    lang=Language.EN,
    turn=3,
    tries=1,
    code="12345613",
    ticket="DEMO-42",
    verified=True,
    agents=(3, 1),
    rung=1,
    ring_since=1_795_510_860,
)
TOKEN = sign_state(STATE, call=CALL, key=KEY, now=IN_HOURS)


def test_a_state_comes_back_as_it_was() -> None:
    assert read_state(TOKEN, calls=["CA1", CALL], keys=[b"new", KEY], now=IN_HOURS) == STATE
    assert STATE.agent == 3


def test_a_token_is_short_and_needs_no_escapes() -> None:
    assert len(TOKEN) < 250
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize(
    ("token", "calls", "keys", "minutes"),
    [
        (TOKEN, ["CA" + "1" * 32], [KEY], 0),
        (TOKEN, [], [KEY], 0),
        (TOKEN, [CALL], [b"other"], 0),
        (TOKEN[:-1], [CALL], [KEY], 0),
        ("A" + TOKEN[1:], [CALL], [KEY], 0),
        ("", [CALL], [KEY], 0),
        (".", [CALL], [KEY], 0),
        ("é\ud800.é", [CALL], [KEY], 0),
        (TOKEN, [CALL], [KEY], 31),
    ],
    ids=["another call", "no call", "another key", "cut", "altered", "empty", "dot", "no ascii", "too old"],
)
def test_any_other_token_is_refused(token: str, calls: list[str], keys: list[bytes], minutes: int) -> None:
    with pytest.raises(BadState):
        read_state(token, calls=calls, keys=keys, now=IN_HOURS + timedelta(minutes=minutes))


def test_what_a_conversation_ends_with_may_be_hours_old() -> None:
    ringing = State(question=Question.RINGING, project="DEMO", begun=0, is_open=True)
    token = sign_state(ringing, call=CALL, key=KEY, now=IN_HOURS)
    assert read_state(token, calls=[CALL], keys=[KEY], now=IN_HOURS + timedelta(hours=4)) == ringing
    with pytest.raises(BadState):
        read_state(token, calls=[CALL], keys=[KEY], now=IN_HOURS + timedelta(hours=5))
