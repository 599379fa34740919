"""Voice messages come home whole and once, from where the configuration says, and are then forgotten there."""

import io
import threading
import wave
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select

from gateway.config.load import Settings, load_settings
from gateway.db.calls import CallKey, call_messages, calls
from gateway.files.store import sound_name
from gateway.runtime import Runtime, open_runtime
from gateway.services.log_call import log_event
from telephony import messages, provider
from telephony.messages import MAX_ATTEMPTS, fetch_due
from tests.support.call_events import final, step
from tests.support.clock import MovableClock
from tests.support.listener import Answer, Asked, HttpListener

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SID, SECRET, RECORDING = "AC" + "0" * 32, "secret", "RE" + "1" * 32
CALL = CallKey(provider="twilio", provider_id="CA" + "0" * 32)
MEDIA = f"/2010-04-01/Accounts/{SID}/Recordings/{RECORDING}.wav"
JSON = MEDIA.replace(".wav", ".json")
BASIC = "Basic " + b64encode(f"{SID}:{SECRET}".encode()).decode()


def sound(seconds: float) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\1\0" * int(8000 * seconds))
    return held.getvalue()


Said = tuple[int, str, bytes]


class Api(HttpListener):
    """An API that answers by a table and remembers who asked. `answers` are used up, the last one stays."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, str | None]] = []
        self.answers: dict[str, list[Said]] = {
            f"GET {MEDIA}": [(200, "audio/x-wav", sound(9))],
            f"DELETE {JSON}": [(204, "", b"")],
        }

    def reply(self, asked: Asked) -> Answer:
        self.asked.append((asked.method, asked.target, asked.headers.get("authorization")))
        found = self.answers.get(f"{asked.method} {asked.target}", [(404, "application/xml", b"<no/>")])
        status, kind, body = found.pop(0) if len(found) > 1 else found[0]
        name = "Location" if status in {301, 302} else "Content-Type"
        return Answer(status=status, headers={name: kind}, body=body)


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as made:
        yield made


@pytest.fixture
def at_home(settings: Settings, api: Api, clock: MovableClock, database: object) -> Iterator[Runtime]:
    """An installation with an account, and a message of nine seconds that is to be fetched."""
    with open_runtime(with_account(settings, api.url), clock=clock) as runtime:
        leave_message(runtime, RECORDING)
        yield runtime


def with_account(settings: Settings, base: str) -> Settings:
    telephony = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_TELEPHONY__ACCOUNT_SID": SID,
            "GATEWAY_TELEPHONY__AUTH_TOKEN": SECRET,
            "GATEWAY_TELEPHONY__API_BASE": base,
        }
    ).telephony
    return settings.model_copy(update={"telephony": telephony})


def leave_message(runtime: Runtime, recording: str) -> None:
    left = {"name": "message.left", "recording": recording, "seconds": 9}
    evil = {"RecordingUrl": "http://169.254.169.254/latest/meta-data"}
    for event in (step(0, left, kind="voice", params=evil), final(60)):
        log_event(runtime, CALL, event)


def fetch(runtime: Runtime) -> Any:
    """One round of the job, and the message's row after it."""
    fetch_due(runtime, deadline=float("inf"))
    with runtime.database.reading() as connection:
        return connection.execute(select(call_messages)).one()


def test_a_message_is_fetched_kept_and_forgotten_at_the_provider(at_home: Runtime, api: Api) -> None:
    row = fetch(at_home)
    digest = sha256(sound(9)).hexdigest()
    assert (row.state, row.sha256, row.size, row.attempts) == ("kept", digest, len(sound(9)), 1)
    assert row.deleted_at is not None
    path = at_home.where.data / sound_name(digest).key
    assert path.read_bytes() == sound(9)
    assert path.stat().st_mode & 0o777 == 0o600
    assert api.asked == [("GET", MEDIA, BASIC), ("DELETE", JSON, BASIC)]
    with at_home.database.reading() as connection:
        details = connection.execute(select(calls.c.details)).scalar_one()
    assert details["messages"] == [{"recording": RECORDING, "seconds": 9, "sha256": digest}]
    fetch(at_home)
    assert len(api.asked) == 2


def test_an_address_in_a_webhook_is_never_asked(at_home: Runtime, api: Api) -> None:
    fetch(at_home)
    assert {path for _, path, _ in api.asked} == {MEDIA, JSON}


@pytest.mark.parametrize("recording", ["RE1", "../../x", f"{RECORDING}/../x", "http://localhost/", "RE" + "g" * 32])
def test_what_is_no_id_of_a_recording_is_refused_unasked(
    settings: Settings, api: Api, clock: MovableClock, database: object, recording: str
) -> None:
    with open_runtime(with_account(settings, api.url), clock=clock) as runtime:
        leave_message(runtime, recording)
        assert fetch(runtime).state == "refused"
    assert api.asked == []


def test_one_redirect_is_followed_without_the_secret(at_home: Runtime, api: Api) -> None:
    api.answers[f"GET {MEDIA}"] = [(302, f"{api.url}/signed?x=1", b"")]
    api.answers["GET /signed?x=1"] = [(200, "audio/x-wav", sound(9))]
    assert fetch(at_home).state == "kept"
    assert api.asked[1] == ("GET", "/signed?x=1", None)


@pytest.mark.parametrize("location", ["http://169.254.169.254/x", "file:///etc/passwd", "ftp://x/", "/relative", ""])
def test_a_redirect_to_an_unsafe_address_is_refused(at_home: Runtime, api: Api, location: str) -> None:
    api.answers[f"GET {MEDIA}"] = [(302, location, b"")]
    row = fetch(at_home)
    assert row.state == "refused"
    assert "not safe" in row.error
    assert len(api.asked) == 1


def test_a_second_redirect_is_not_followed(at_home: Runtime, api: Api) -> None:
    api.answers[f"GET {MEDIA}"] = [(302, f"{api.url}/again", b"")]
    api.answers["GET /again"] = [(302, f"{api.url}/for-ever", b"")]
    assert fetch(at_home).state == "wanted"
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    "answer", [(404, "application/xml", b"<x/>"), (429, "a/b", b""), (500, "a/b", b""), (200, "audio/x-wav", sound(3))]
)
def test_what_is_not_there_yet_is_asked_for_again_later(
    at_home: Runtime, api: Api, clock: MovableClock, answer: Said
) -> None:
    api.answers[f"GET {MEDIA}"].insert(0, answer)
    assert fetch(at_home).state == "wanted"
    assert fetch(at_home).attempts == 1
    clock.move(seconds=5)
    row = fetch(at_home)
    assert (row.state, row.attempts) == ("kept", 2)


@pytest.mark.parametrize(
    "answer",
    [(200, "application/xml", sound(9)), (200, "audio/x-wav", b"<xml/>"), (200, "audio/x-wav", b"RIFF\0\0\0\0junk")],
    ids=["another type", "no sound", "broken"],
)
def test_what_is_no_sound_is_never_kept(at_home: Runtime, api: Api, answer: Said) -> None:
    api.answers[f"GET {MEDIA}"] = [answer]
    assert fetch(at_home).state == "refused"
    assert not (at_home.where.data / "messages").exists()
    assert [method for method, _, _ in api.asked] == ["GET"]


def test_a_recording_that_is_too_large_is_refused(at_home: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "MAX_SIZE", 1000)
    assert fetch(at_home).state == "refused"


def test_a_provider_that_answers_too_slowly_is_left_alone(at_home: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "PATIENCE", -1.0)
    assert fetch(at_home).state == "wanted"


def test_a_provider_that_never_has_it_is_given_up_on(at_home: Runtime, api: Api, clock: MovableClock) -> None:
    api.answers[f"GET {MEDIA}"] = [(404, "application/xml", b"")]
    for _ in range(MAX_ATTEMPTS + 2):
        row = fetch(at_home)
        clock.move(minutes=10)
    assert (row.state, row.attempts) == ("failed", MAX_ATTEMPTS)


@pytest.mark.parametrize("status", [409, 500])
def test_a_deletion_that_fails_is_tried_again_and_nothing_is_fetched_twice(
    at_home: Runtime, api: Api, clock: MovableClock, status: int
) -> None:
    api.answers[f"DELETE {JSON}"].insert(0, (status, "a/b", b""))
    assert fetch(at_home).state == "stored"
    clock.move(seconds=5)
    assert fetch(at_home).state == "kept"
    assert [method for method, _, _ in api.asked] == ["GET", "DELETE", "DELETE"]


def test_a_recording_that_is_gone_there_is_forgotten(at_home: Runtime, api: Api) -> None:
    api.answers[f"DELETE {JSON}"] = [(404, "application/xml", b"")]
    assert fetch(at_home).state == "kept"


@pytest.mark.parametrize("killed", ["settle_all", "_move", "delete_recording"])
def test_a_death_between_any_two_steps_loses_nothing(
    at_home: Runtime, api: Api, clock: MovableClock, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(messages, killed, die)
        with pytest.raises(KeyboardInterrupt):
            fetch(at_home)
    assert "DELETE" not in [method for method, _, _ in api.asked]
    clock.move(seconds=5)
    assert fetch(at_home).state == "kept"


def test_without_an_account_nothing_is_asked(settings: Settings, clock: MovableClock, database: object) -> None:
    with open_runtime(settings, clock=clock) as runtime:
        leave_message(runtime, RECORDING)
        assert fetch_due(runtime, deadline=float("inf")) == 0


def test_two_workers_at_once_fetch_a_message_once(at_home: Runtime, api: Api) -> None:
    threads = [threading.Thread(target=fetch_due, args=(at_home,), kwargs={"deadline": float("inf")}) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [method for method, _, _ in api.asked] == ["GET", "DELETE"]
