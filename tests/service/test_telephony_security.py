"""What an attacker may try on the webhooks: unsigned, altered and replayed requests, guessing, and reading our logs."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from waitress import wasyncore
from waitress.server import create_server

from gateway.config.load import load_settings
from gateway.hotline_snapshot import write_snapshot
from gateway.spool.entry import Lane
from gateway.spool.store import Spool
from telephony import answering
from telephony.line import Route
from telephony.signature import Secrets
from telephony.webhooks import Exchange, create_app
from tests.support.calls import BASE, CODE, OTHER_CODE, SECRET, inbound, signature
from tests.support.clock import MovableClock
from tests.support.webhooks import (
    STEP,
    VOICE,
    Post,
    action,
    kept,
    make_exchange,
    poster,
    ring,
    snapshot,
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


ROOT = Path(__file__).parents[2]
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


@pytest.mark.parametrize("token", ["", "?s=", "?s=x.y", "?s=%00"])
def test_a_state_that_is_not_ours_is_an_apology_that_takes_a_message(post: Post, token: str) -> None:
    answer = post(STEP + token, inbound(Digits="1"))
    assert answer.status_code == 200
    assert [one.tag for one in ElementTree.fromstring(answer.data)][-1] == "Record"
    assert post(action(answer), inbound(RecordingDuration="9", RecordingSid="RE" + "0" * 32)).status_code == 200


def test_a_state_of_another_call_is_refused(post: Post) -> None:
    other = post(VOICE, inbound("CA" + "9" * 32))
    assert b"<Record" in post(action(other), inbound(Digits="1")).data


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


def test_the_process_of_the_webhooks_needs_no_database_and_no_client_of_the_provider() -> None:
    """What is not imported cannot be called while a caller waits."""
    program = (
        "import sys, telephony.webhooks; "
        "print([name for name in ('sqlalchemy', 'twilio.rest', 'requests', 'rq', 'redis') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True
    )
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


@pytest.mark.parametrize("url", ROUTES)
def test_a_replayed_request_is_answered_alike_and_adds_nothing(post: Post, spool: Spool, url: str) -> None:
    """A signed request has no time in it and stays good: what makes it harmless is that it does nothing twice."""
    form = inbound(SequenceNumber="0", RecordingSid="RE" + "0" * 32, RecordingStatus="completed")
    first, again = post(url, form), post(url, form)
    assert first.status_code in {200, 204}
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert len({event["key"] for event in kept(spool)}) == 1


def test_all_withheld_numbers_together_may_guess_so_often(exchange: Exchange, clock: MovableClock) -> None:
    rules = exchange.settings.telephony.model_copy(update={"wrong_codes_of_withheld_numbers_per_hour": 4})
    settings = exchange.settings.model_copy(update={"telephony": rules})
    post = poster(create_app(replace(exchange, settings=settings)).test_client(), clock)
    for number, caller in enumerate(("anonymous", "Restricted", "+266696687", "")):
        call = {"call": f"CA{number:032x}", "From": caller}
        answer = post(VOICE, inbound(**call))
        for keys in ("1", OTHER_CODE, "1"):
            answer = post(action(answer), inbound(**call, Digits=keys, CallStatus="in-progress"))
        assert b"directement" not in answer.data
    assert b"directement" in post(VOICE, inbound("CA" + "8" * 32, From="unknown")).data
    clock.move(hours=1)
    assert b"directement" not in post(VOICE, inbound("CA" + "7" * 32, From="unknown")).data


def test_an_address_in_a_webhook_is_kept_as_words_and_leads_nowhere(post: Post, spool: Spool) -> None:
    """The recording is fetched by its id from where the configuration says (`test_telephony_messages.py`)."""
    evil = "http://169.254.169.254/latest/meta-data"
    sound = {"RecordingUrl": evil, "RecordingSid": "RE" + "0" * 32, "RecordingStatus": "completed"}
    answer = post(f"{BASE}/telephony/twilio/recording", inbound(**sound))
    assert answer.status_code == 204
    (event,) = kept(spool)
    assert event["recording"] == {"id": "RE" + "0" * 32, "status": "completed", "seconds": 0}
    assert evil not in str({name: value for name, value in event.items() if name != "params"})
    assert evil.encode() not in post(STEP, inbound(**sound)).data


def test_no_log_holds_a_number_a_code_or_a_token(
    post: Post, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of a call that goes well, nor of what is refused, nor of what fails inside."""
    with capture_logs() as logs:
        ring(post)
        client.post("/telephony/twilio/voice", data=inbound(), headers={"X-Twilio-Signature": "x"})
        post(STEP + "?s=secret.token", inbound(Digits=CODE))
        monkeypatch.setattr(answering, "begin", None)
        post(VOICE, inbound("CA" + "5" * 32, Digits=CODE))
    told = str([{name: value for name, value in one.items() if name != "exc_info"} for one in logs])
    assert [one["event"] for one in logs] == ["webhook.refused", "call.state_refused", "call.failed"]
    for secret in ("+33", "612345678", CODE, "secret.token", SECRET):
        assert secret not in told
