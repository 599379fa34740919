"""The webhooks, as the provider calls them: nothing unsigned counts, nobody is asked anything, all is handed over."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from waitress import wasyncore
from waitress.server import create_server
from werkzeug.test import TestResponse

from gateway.config.load import load_settings
from gateway.domain.duty import Shift
from gateway.hotline_snapshot import Eligible, HotlineSnapshot, hash_code, hotline_key, write_snapshot
from gateway.spool.entry import Lane
from gateway.spool.store import Spool
from telephony import answering
from telephony.line import Route
from telephony.signature import Secrets
from telephony.snapshot import Snapshots
from telephony.twiml_lint import faults
from telephony.webhooks import Exchange, create_app
from tests.support.calls import BASE, CALL, CODE, OTHER_CODE, SECRET, inbound, signature
from tests.support.clock import MovableClock

SIGNING = b"k" * 32
ROOT = Path(__file__).parents[2]
VOICE, STEP, STATUS = (f"{BASE}/telephony/twilio/{name}" for name in ("voice", "step", "status"))
Post = Callable[..., TestResponse]


def snapshot(now: datetime, **changes: Any) -> HotlineSnapshot:
    ticket = Eligible(ref="DEMO-42", project="DEMO", since=datetime(2026, 1, 1, tzinfo=UTC))
    shifts = (Shift(person_id=7, position=0, start=0, end=1440),)
    values = {
        "made_at": now,
        "codes": {hash_code(CODE, hotline_key(SIGNING)): ticket},
        "shifts": {"DEMO": shifts},
        "numbers": {7: "+33612345607"},
    }
    return HotlineSnapshot(**{**values, **changes})


@pytest.fixture
def file(tmp_path: Path, clock: MovableClock) -> Path:
    path = tmp_path / "hotline.json"
    write_snapshot(path, snapshot(clock.now()))
    return path


@pytest.fixture
def exchange(spool: Spool, clock: MovableClock, file: Path) -> Exchange:
    return Exchange(
        settings=load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_HTTP__PUBLIC_URL": BASE}),
        secrets=Secrets(auth_tokens=(SECRET,)),
        snapshots=Snapshots(file),
        signing_keys=(SIGNING,),
        spool=spool,
        ring=lambda _lane: None,
        clock=clock,
    )


@pytest.fixture
def client(exchange: Exchange) -> FlaskClient:
    return create_app(exchange).test_client()


@pytest.fixture
def post(client: FlaskClient, clock: MovableClock) -> Post:
    """Post as the provider does, signed, a moment after the request before."""

    def send(url: str, params: dict[str, str] | None = None, **headers: str) -> TestResponse:
        form = inbound() if params is None else params
        clock.move(milliseconds=1)
        signed = {**signature(url, form), **{name.replace("_", "-"): value for name, value in headers.items()}}
        return client.post(url.removeprefix(BASE), data=form, headers=signed)

    return send


def kept(spool: Spool) -> list[dict[str, Any]]:
    with spool.worker(Lane.CALL) as claims:
        entries = [claims.claim(*waiting) for waiting in spool.waiting(Lane.CALL)]
    return [json.loads(entry.payload) for entry in entries if entry is not None]


def action(answer: TestResponse) -> str:
    return next(one.attrib["action"] for one in ElementTree.fromstring(answer.data).iter() if "action" in one.attrib)


def ring(post: Post) -> TestResponse:
    """A call that has come as far as the first agent."""
    answer = post(VOICE)
    for keys in ("1", CODE, "1"):
        answer = post(action(answer), inbound(CallStatus="in-progress", Digits=keys))
    return answer


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


ROUTES = [f"{BASE}/telephony/twilio/{route}" for route in Route]


@pytest.mark.parametrize("url", ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "é"},
        signature(VOICE, inbound(), secret="other"),
        signature(f"{BASE}/elsewhere", inbound()),
        signature(VOICE.replace("support", "evil"), inbound()),
    ],
    ids=["none", "empty", "no ascii", "another secret", "another address", "another host"],
)
def test_what_is_not_signed_is_refused_and_leaves_nothing(
    client: FlaskClient, spool: Spool, url: str, headers: dict[str, str]
) -> None:
    answer = client.post(url.removeprefix(BASE), data=inbound(), headers=headers)
    assert answer.status_code == 403
    assert spool.waiting(Lane.CALL) == []


@pytest.mark.parametrize("url", ROUTES)
def test_a_changed_parameter_is_refused(client: FlaskClient, spool: Spool, url: str) -> None:
    signed = signature(url, inbound())
    assert client.post(url.removeprefix(BASE), data=inbound(From="+33612345679"), headers=signed).status_code == 403
    assert spool.waiting(Lane.CALL) == []


def test_forwarded_headers_change_nothing(client: FlaskClient) -> None:
    headers = {**signature(VOICE, inbound()), "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    answer = client.post("/telephony/twilio/voice", data=inbound(), headers={**headers, "Host": "10.0.0.1:8000"})
    assert answer.status_code == 200
    assert action(answer).startswith(BASE)


def test_without_a_secret_nothing_is_believed(exchange: Exchange) -> None:
    app = create_app(replace(exchange, secrets=Secrets()))
    for url in ROUTES:
        answer = app.test_client().post(url.removeprefix(BASE), data=inbound(), headers=signature(url, inbound()))
        assert answer.status_code == 503


@pytest.mark.parametrize(
    "params", [{}, {"CallSid": ""}, {"CallSid": "CA1"}, inbound(ParentCallSid="x"), {"Digits": "1"}], ids=str
)
@pytest.mark.parametrize("url", ROUTES)
def test_no_signed_nonsense_is_an_error_of_ours(post: Post, spool: Spool, url: str, params: dict[str, str]) -> None:
    assert post(url, params).status_code == 400
    assert spool.waiting(Lane.CALL) == []


def test_another_account_is_refused(exchange: Exchange) -> None:
    settings = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_HTTP__PUBLIC_URL": BASE,
            "GATEWAY_TELEPHONY__ACCOUNT_SID": "AC" + "1" * 32,
        }
    )
    client = create_app(replace(exchange, settings=settings)).test_client()
    headers = signature(VOICE, inbound())
    assert client.post("/telephony/twilio/voice", data=inbound(), headers=headers).status_code == 400


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


@pytest.mark.parametrize("token", ["", "?s=", "?s=x.y", "?s=%00"])
def test_a_state_that_is_not_ours_is_an_apology_that_takes_a_message(post: Post, token: str) -> None:
    answer = post(STEP + token, inbound(Digits="1"))
    assert answer.status_code == 200
    assert [one.tag for one in ElementTree.fromstring(answer.data)][-1] == "Record"
    assert post(action(answer), inbound(RecordingDuration="9", RecordingSid="RE" + "0" * 32)).status_code == 200


def test_a_state_of_another_call_is_refused(post: Post) -> None:
    other = post(VOICE, inbound("CA" + "9" * 32))
    assert b"<Record" in post(action(other), inbound(Digits="1")).data


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
    shutil.rmtree(tmp_path / "spool" / "call" / "tmp")
    assert post(STATUS, final()).status_code == 503
    assert ring(post).status_code == 200


def test_a_number_that_guesses_is_sent_to_a_message_and_others_are_not(post: Post) -> None:
    for number in range(1, 11):
        call = f"CA{number:032x}"
        answer = post(VOICE, inbound(call))
        for keys in ("1", OTHER_CODE, "1"):
            answer = post(action(answer), inbound(call, Digits=keys, CallStatus="in-progress"))
    assert b"directement" in post(VOICE).data
    assert b"directement" not in post(VOICE, inbound("CA" + "8" * 32, From="+33612345699")).data
    assert b"directement" not in post(VOICE, inbound("CA" + "7" * 32, From="anonymous")).data


def test_calls_are_put_through_unverified_while_nobody_can_look_and_at_most_so_many(
    post: Post, clock: MovableClock, file: Path
) -> None:
    write_snapshot(file, replace(snapshot(clock.now()), codes={}))
    clock.move(minutes=5)
    rung = []
    for number in range(11):
        call = f"CA{number:032x}"
        answer = post(VOICE, inbound(call))
        for keys in ("1", CODE, "1"):
            answer = post(action(answer), inbound(call, Digits=keys, CallStatus="in-progress"))
        rung.append(b"<Dial" in answer.data)
    assert rung == [True] * 10 + [False]


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


def test_the_process_of_the_webhooks_needs_no_database_and_no_client_of_the_provider() -> None:
    """What is not imported cannot be called while a caller waits."""
    program = (
        "import sys, telephony.webhooks; "
        "print([name for name in ('sqlalchemy', 'twilio.rest', 'requests', 'rq', 'redis') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


@pytest.fixture
def served(exchange: Exchange) -> Iterator[int]:
    """The webhooks behind the server that runs them; its port."""
    channels: dict[int, Any] = {}
    server = create_server(create_app(exchange), map=channels, host="127.0.0.1", port=0)
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            wasyncore.loop(timeout=0.02, map=channels, count=1)

    thread = threading.Thread(target=serve)
    thread.start()
    yield int(server.effective_port)
    stopping.set()
    thread.join(5)
    server.task_dispatcher.shutdown()
    wasyncore.close_all(channels)


@pytest.mark.parametrize("query", ["", "?", "?a=+b", "?x=caf%C3%A9", "?b=2&a=1&&b=%7E"])
def test_the_raw_target_is_what_was_signed(served: int, query: str) -> None:
    headers = {**signature(VOICE + query, inbound()), "Content-Type": "application/x-www-form-urlencoded"}
    connection = HTTPConnection("127.0.0.1", served, timeout=10)
    connection.request("POST", f"/telephony/twilio/voice{query}", urlencode(inbound()), headers)
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.read().startswith(b"<?xml")
    connection.close()
