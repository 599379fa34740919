"""The simulated provider keeps to what the real one is documented to do: the verbs of a caller."""

import pytest

from telephony.simulator.script import End, Message
from telephony.simulator.session import Session
from telephony.simulator.world import Ending
from tests.support.simulated import BASE, Desk, call_of, gather, played, read, record, response, say


def test_words_and_pauses_take_time_and_the_end_of_a_document_hangs_up() -> None:
    desk = Desk({"/voice": response(say("un deux trois quatre cinq"), '<Pause length="3"/>')})
    session = played(desk)
    assert session.ending is Ending.OVER
    assert session.world.now == 5.0
    status = desk.forms("/status")[0]
    assert (status["CallStatus"], status["CallDuration"], status["Duration"]) == ("completed", "5", "1")


def test_the_first_request_says_ringing_and_the_next_that_the_call_is_answered() -> None:
    desk = Desk({"/voice": response(gather()), "/next": response("<Hangup/>")})
    played(desk, script={"presses": ("1#",)})
    assert [desk.forms(path)[0]["CallStatus"] for path in ("/voice", "/next")] == ["ringing", "in-progress"]
    assert desk.forms("/next")[0]["Digits"] == "1"


@pytest.mark.parametrize("keys", ["", "#"])
def test_an_empty_result_falls_through_unless_it_is_asked_for(keys: str) -> None:
    """Neither silence nor the finishing key alone requests the action."""
    documents = {"/voice": response(gather(actionOnEmptyResult="false"), say("rien")), "/next": response()}
    desk = Desk(documents)
    assert "« rien »" in read(played(desk, script={"presses": (keys,)}))
    assert "/next" not in desk.paths()
    asked = Desk({**documents, "/voice": response(gather(), say("rien"))})
    assert "« rien »" not in read(played(asked, script={"presses": (keys,)}))
    assert asked.forms("/next")[0]["Digits"] == ""


def test_keys_after_the_last_digit_are_not_heard() -> None:
    desk = Desk({"/voice": response(gather(numDigits="2")), "/next": response()})
    session = played(desk, script={"presses": ("1234",)})
    assert desk.forms("/next")[0]["Digits"] == "12"
    assert "presses too late 34" in read(session)


def test_a_caller_who_does_not_wait_cuts_the_question_short() -> None:
    long = "mot " * 50
    desk = Desk({"/voice": response(gather(text=long, numDigits="1")), "/next": response()})
    patient = played(desk, script={"presses": ("1",)})
    hasty = played(desk, script={"presses": ("1",), "interrupts": True})
    assert (patient.world.now, hasty.world.now) == (21.0, 1.0)


@pytest.mark.parametrize(
    ("end", "seconds", "digits", "duration"),
    [
        (End.HANG_UP, 8, "hangup", "8"),
        (End.KEY, 8, "#", "8"),
        (End.SILENCE, 8, "", "13"),
        (End.SILENCE, 200, "", "120"),
        (End.HANG_UP, 0, "hangup", "0"),
    ],
)
def test_a_message_ends_by_hanging_up_a_key_silence_or_the_longest_time(
    end: End, seconds: float, digits: str, duration: str
) -> None:
    desk = Desk({"/voice": response(record()), "/next": response("<Hangup/>")})
    played(desk, script={"message": Message(seconds=seconds, end=end)})
    action, told = desk.forms("/next")[0], desk.forms("/recording")[0]
    assert (action["Digits"], action["RecordingDuration"]) == (digits, duration)
    assert action["CallStatus"] == ("completed" if digits == "hangup" else "in-progress")
    assert told["RecordingStatus"] == ("completed" if seconds else "absent")
    assert told["RecordingSid"] == action["RecordingSid"]
    assert desk.paths()[-2:] == ["/recording", "/status"]


def test_a_caller_can_hang_up_at_any_moment_and_the_call_is_closed() -> None:
    documents = {"/voice": response(gather(text="mot " * 20)), "/next": response(record())}
    whole = played(Desk(documents), script={"presses": ("1",)}).world.now
    for tenth in range(0, int(whole * 10), 7):
        desk = Desk(documents)
        session = played(desk, script={"presses": ("1",), "hang_up_at": tenth / 10})
        assert session.ending is Ending.CALLER_GONE
        assert session.world.now == pytest.approx(tenth / 10)
        assert desk.paths()[-1] == "/status"
        assert call_of(session).ended is not None


def test_a_caller_can_hang_up_at_a_question() -> None:
    desk = Desk({"/voice": response(gather()), "/next": response()})
    assert played(desk, script={"presses": ("hangup",)}).ending is Ending.CALLER_GONE
    assert desk.paths() == ["/voice", "/status"]


def test_a_rejected_call_is_never_answered() -> None:
    desk = Desk({"/voice": response('<Reject reason="busy"/>')})
    session = played(desk)
    assert session.ending is Ending.REJECTED
    assert call_of(session).answered is None
    assert desk.forms("/status")[0]["CallStatus"] == "busy"


def test_a_redirect_is_followed_but_not_for_ever() -> None:
    redirect = f'<Redirect method="POST">{BASE}/next</Redirect>'
    desk = Desk({"/voice": response(redirect), "/next": response("<Hangup/>")})
    assert played(desk).ending is Ending.HUNG_UP
    loop = Desk({"/voice": response(redirect), "/next": response(redirect)})
    assert played(loop).ending is Ending.FAILED
    assert loop.paths().count("/next") == 50


def test_a_call_that_asks_the_same_question_for_ever_is_cut_off() -> None:
    session = played(Desk({"/voice": response(gather("voice"))}))
    assert session.ending is Ending.FAILED
    assert "more than 200 requests" in read(session)


def test_the_same_seed_gives_the_same_call() -> None:
    def run(seed: int) -> Session:
        desk = Desk({"/voice": response(record()), "/next": response()})
        return played(desk, seed=seed)

    assert call_of(run(7)).sid == call_of(run(7)).sid != call_of(run(8)).sid
