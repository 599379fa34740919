"""The webhooks, as the provider calls them: nobody is asked anything, all is handed over, and callers are answered."""

import shutil
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from gateway.spool.entry import Lane
from gateway.spool.store import Spool
from telephony import answering
from telephony.twiml_lint import faults
from telephony.webhooks import Exchange, create_app
from tests.support.calls import BASE, CALL, CODE, inbound, signature
from tests.support.clock import MovableClock
from tests.support.webhooks import (
    STATUS,
    VOICE,
    Post,
    action,
    kept,
    make_exchange,
    poster,
    ring,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hotline.json"


@pytest.fixture
def exchange(spool: Spool, clock: MovableClock, file: Path) -> Exchange:
    return make_exchange(spool, clock, file)


@pytest.fixture
def client(exchange: Exchange) -> FlaskClient:
    return create_app(exchange).test_client()


@pytest.fixture
def post(client: FlaskClient, clock: MovableClock) -> Post:
    return poster(client, clock)


def test_a_call_is_led_to_an_agent_and_every_step_is_kept(post: Post, spool: Spool) -> None:
    answer = ring(post)
    assert (answer.status_code, answer.content_type) == (200, "text/xml; charset=utf-8")
    assert answer.data.startswith(b"<?xml")
    assert faults(answer.data, base_url=BASE) == []
    assert b"+33612345607" in answer.data
    events = kept(spool)
    assert [event["turn"] for event in events] == [0, 2, 3, 4]
    assert [step["name"] for event in events for step in event["steps"]] == [
        "call.received",
        "language",
        "code.entered",
        "ticket.matched",
        "agent.rung",
    ]
    assert events[0]["from"] == "+33612345678"
    assert events[0]["params"]["FromCity"] == ""
    assert events[0]["params"]["Novelty"] == "é+ &="


def test_an_agent_takes_the_call_by_one(post: Post, spool: Spool) -> None:
    (number,) = ElementTree.fromstring(ring(post).data).iter("Number")
    leg = {"ParentCallSid": CALL, "From": "+33199001234", "To": "+33612345607", "CallStatus": "in-progress"}
    whispered = post(number.attrib["url"], inbound("CA" + "1" * 32, **leg))
    assert "D, E, M, O, 4, 2" in whispered.text
    taken = post(action(whispered), inbound("CA" + "1" * 32, **leg, Digits="1"))
    assert list(ElementTree.fromstring(taken.data)) == []
    last = kept(spool)[-1]
    assert (last["call"], last["steps"]) == (CALL, [{"name": "agent.accepted", "agent": 7}])


def test_a_repeated_request_is_answered_to_the_byte_and_kept_once(
    post: Post, spool: Spool, clock: MovableClock
) -> None:
    """At once or an hour later, with whatever idempotency token, which nobody signs."""
    first = ring(post)
    count = len(spool.waiting(Lane.CALL))
    clock.move(hours=1)
    again = post(VOICE, I_Twilio_Idempotency_Token="other")
    for keys in ("1", CODE, "1"):
        again = post(action(again), inbound(CallStatus="in-progress", Digits=keys))
    assert again.data == first.data
    assert len(spool.waiting(Lane.CALL)) == count


def test_two_at_once_have_one_answer(client: FlaskClient, exchange: Exchange) -> None:
    app, answers = create_app(exchange), []
    barrier = threading.Barrier(8)

    def call() -> None:
        barrier.wait(5)
        answer = app.test_client().post("/telephony/twilio/voice", data=inbound(), headers=signature(VOICE, inbound()))
        answers.append(answer.data)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert len({event["key"] for event in kept(exchange.spool)}) == 1


def test_what_fails_inside_is_an_apology_and_what_fails_even_then_still_speaks(
    post: Post, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(answering, "begin", fail)
    answer = post(VOICE)
    assert answer.status_code == 200
    assert b"<Record" in answer.data
    assert faults(answer.data, base_url=BASE) == []
    assert kept(spool)[0]["steps"] == [{"name": "apology", "why": "exception"}]
    monkeypatch.setattr(answering, "line_of", fail)
    last = post(VOICE, inbound("CA" + "2" * 32))
    assert b"problem" in last.data
    assert faults(last.data) == []


def test_a_fallback_says_what_had_failed(post: Post, spool: Spool) -> None:
    answer = post(f"{BASE}/telephony/twilio/fallback", inbound(ErrorCode="11205", ErrorUrl=VOICE))
    assert b"<Record" in answer.data
    assert kept(spool)[0]["steps"] == [{"name": "apology", "code": "11205", "why": "fallback"}]


def final(**changes: str) -> dict[str, str]:
    stated = {"CallStatus": "completed", "CallDuration": "61", "Duration": "2", "SequenceNumber": "0"}
    return inbound(
        **stated, Timestamp="Tue, 24 Nov 2026 09:01:01 +0000", CallbackSource="call-progress-events", **changes
    )


def test_a_callback_is_answered_by_nothing_once_it_is_safe(post: Post, spool: Spool) -> None:
    answer = post(STATUS, final())
    assert (answer.status_code, answer.data) == (204, b"")
    (event,) = kept(spool)
    assert (event["status"], event["seconds"], event["at"]) == ("completed", 61, "2026-11-24T09:01:01+00:00")


def test_the_key_of_a_callback_is_of_what_is_signed(post: Post, spool: Spool) -> None:
    for number in ("0", "0", "1"):
        post(STATUS, {**final(), "SequenceNumber": number}, I_Twilio_Idempotency_Token=number * 3)
    keys = [event["key"] for event in kept(spool)]
    assert [keys.count(key) for key in sorted(set(keys), key=keys.index)] == [2, 1]


def test_with_no_room_on_the_disk_callbacks_are_to_come_again_and_callers_are_answered(
    post: Post, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "spool" / "call" / "new")
    assert post(STATUS, final()).status_code == 503
    assert ring(post).status_code == 200


@pytest.mark.parametrize("content", [None, "", "{}", '{"made_at": 3}', "[]"])
def test_without_a_snapshot_that_can_be_read_a_message_is_taken(post: Post, file: Path, content: str | None) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    assert b"Aucun agent" in ring(post).data


def test_a_snapshot_that_was_read_once_counts_while_the_file_is_away(post: Post, file: Path) -> None:
    post(VOICE, inbound("CA" + "6" * 32))
    file.unlink()
    assert b"<Dial" in ring(post).data
