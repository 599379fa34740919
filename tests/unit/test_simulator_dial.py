"""The simulated provider rings telephones as the real one does, and joins calls by its rules."""

import pytest

from telephony.simulator.script import LegScript, parse_leg
from telephony.simulator.session import Session
from telephony.simulator.world import Ending, Traits
from tests.support.simulated import Desk, call_of, dial, played, read, response, screening

FIRST, SECOND = "+33612345601", "+33612345602"


def legs(*notations: str) -> dict[str, object]:
    return {"legs": tuple(parse_leg(notation) for notation in notations)}


def events(desk: Desk) -> list[str]:
    return [form["CallStatus"] for form in desk.forms("/leg")]


@pytest.mark.parametrize(
    ("does", "status", "bridged", "heard"),
    [
        ("accept,talk=90", "completed", "true", ["initiated", "ringing", "in-progress", "completed"]),
        ("refuse", "completed", "false", ["initiated", "ringing", "in-progress", "completed"]),
        ("silence", "completed", "false", ["initiated", "ringing", "in-progress", "completed"]),
        ("voicemail", "completed", "false", ["initiated", "ringing", "in-progress", "completed"]),
        ("no-answer", "no-answer", "false", ["initiated", "ringing", "no-answer"]),
        ("busy", "busy", "false", ["initiated", "busy"]),
        ("failed", "failed", "false", ["initiated", "failed"]),
    ],
)
def test_what_becomes_of_one_telephone(does: str, status: str, bridged: str, heard: list[str]) -> None:
    desk = screening(FIRST)
    played(desk, script=legs(does))
    action = desk.forms("/next")[0]
    assert (action["DialCallStatus"], action["DialBridged"]) == (status, bridged)
    assert events(desk) == heard
    assert [form["SequenceNumber"] for form in desk.forms("/leg")] == [str(n) for n in range(len(heard))]


def test_a_leg_names_the_call_that_it_belongs_to() -> None:
    desk = screening(FIRST)
    call = call_of(played(desk, script=legs("accept")))
    for path in ("/leg", "/whisper", "/screen"):
        form = desk.forms(path)[0]
        assert form["ParentCallSid"] == call.sid != form["CallSid"]
        assert (form["Direction"], form["To"], form["From"]) == ("outbound-dial", FIRST, call.called)


def test_a_telephone_rings_five_seconds_longer_than_it_was_asked_to() -> None:
    desk = screening(FIRST)
    assert played(desk, script=legs("no-answer")).world.now == 20.0
    assert played(screening(FIRST), script=legs("accept,after=19,talk=1")).world.now > 20.0
    late = screening(FIRST)
    played(late, script=legs("accept,after=20"))
    assert late.forms("/next")[0]["DialCallStatus"] == "no-answer"


def test_a_busy_telephone_is_known_to_be_busy_at_once() -> None:
    assert played(screening(FIRST), script=legs("busy")).world.now == 1.0


def test_the_first_telephone_that_is_taken_off_ends_the_others_even_if_it_refuses() -> None:
    """So a voicemail wins over everybody who is slower."""
    desk = screening(FIRST, SECOND)
    session = played(desk, script=legs("voicemail,after=3", "accept,after=6"))
    assert desk.forms("/next")[0]["DialBridged"] == "false"
    statuses = {call.called: call.status for call in session.world.account.calls.values() if call.parent}
    assert statuses == {FIRST: "completed", SECOND: "canceled"}


def test_the_other_reading_lets_the_first_who_accepts_win() -> None:
    desk = screening(FIRST, SECOND)
    played(desk, script=legs("voicemail,after=3", "accept,after=6"), traits=Traits(first_accept_wins=True))
    assert desk.forms("/next")[0]["DialBridged"] == "true"


def test_a_whisper_without_hangup_joins_a_voicemail() -> None:
    """The known mistake, which the simulator must show and not hide."""
    desk = Desk({"/voice": response(dial(FIRST)), "/whisper": response(), "/next": response()})
    played(desk, script=legs("voicemail"))
    assert desk.forms("/next")[0]["DialBridged"] == "true"


def test_a_whisper_that_cannot_be_had_joins_nobody() -> None:
    desk = Desk({"/voice": response(dial(FIRST)), "/next": response()})
    played(desk, script=legs("accept"))
    assert desk.forms("/next")[0]["DialBridged"] == "false"


def test_the_caller_is_answered_when_the_calls_are_joined() -> None:
    desk = screening(FIRST)
    unanswered = call_of(played(desk, script=legs("no-answer")))
    assert desk.forms("/next")[0]["CallStatus"] == "ringing"
    assert unanswered.answered is None
    at_once = call_of(played(screening(FIRST, answerOnBridge="false"), script=legs("no-answer")))
    assert at_once.answered is not None


def test_a_talk_lasts_as_long_as_it_may() -> None:
    desk = screening(FIRST, timeLimit="30")
    played(desk, script=legs("accept,talk=3600"))
    assert 30 <= int(desk.forms("/next")[0]["DialCallDuration"]) <= 40


@pytest.mark.parametrize(
    ("at", "leg_status", "bridged"),
    [(2.0, "canceled", "false"), (4.5, "completed", "false"), (30, "completed", "true")],
)
def test_a_caller_hangs_up_while_it_rings_is_whispered_or_is_talked(at: float, leg_status: str, bridged: str) -> None:
    desk = screening(FIRST)
    session = played(desk, script={**legs("accept"), "hang_up_at": at})
    assert session.ending is Ending.CALLER_GONE
    action = desk.forms("/next")[0]
    assert (action["CallStatus"], action["DialBridged"]) == ("completed", bridged)
    assert desk.forms("/leg")[-1]["CallStatus"] == leg_status
    assert desk.paths()[-1] == "/status"


def test_what_the_provider_leaves_unsaid_can_be_switched() -> None:
    silent = screening(FIRST)
    played(
        silent,
        script={**legs("accept"), "hang_up_at": 2.0},
        traits=Traits(asks_after_hang_up=False),
    )
    assert "/next" not in silent.paths()
    terse = screening(FIRST)
    played(terse, script=legs("refuse"), traits=Traits(says_bridged=False, unjoined_status="no-answer"))
    assert terse.forms("/next")[0]["DialCallStatus"] == "no-answer"
    assert "DialBridged" not in terse.forms("/next")[0]


def test_a_script_can_be_kept_for_one_telephone() -> None:
    desk = screening(FIRST)
    mine = LegScript(number=SECOND)
    session: Session = played(desk, script={"legs": (mine, parse_leg("accept"))})
    assert "talks with the caller" in read(session)
