"""The simulated account is what the provider's own client believes to talk to."""

import base64
import io
import urllib.request
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.client import IncompleteRead
from urllib.error import HTTPError

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from telephony.simulator.account import Account, CallRecord, RecordingRecord
from telephony.simulator.rest import MediaHost, RestApi
from telephony.simulator.script import parse_leg
from telephony.simulator.serving import served
from telephony.simulator.trouble import Trouble, Wrong
from tests.support.simulated import BEGUN, CALLER, NUMBER, Desk, hotline, played, record, response, screening

SECRET = "account-secret"


@dataclass(frozen=True, kw_only=True)
class Side:
    account: Account
    api: RestApi
    base: str
    client: Client


@pytest.fixture
def side() -> Iterator[Side]:
    account = Account(hotlines=[hotline()])
    api = RestApi(account=account, secret=SECRET)
    with served(api) as base:
        client = Client(account.sid, SECRET)
        client.api.base_url = base
        yield Side(account=account, api=api, base=base, client=client)


def leave_message(side: Side) -> str:
    """The id of an eight second message."""
    desk = Desk({"/voice": response(record()), "/next": response()})
    played(desk, account=side.account)
    return desk.forms("/recording")[0]["RecordingSid"]


def fetch(side: Side, sid: str, *, secret: str = SECRET) -> tuple[str, bytes]:
    url = f"{side.base}/2010-04-01/Accounts/{side.account.sid}/Recordings/{sid}.wav"
    token = base64.b64encode(f"{side.account.sid}:{secret}".encode()).decode()
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read()


def test_a_call_and_its_leg_stand_in_the_account(side: Side) -> None:
    agent = "+33612345601"
    played(screening(agent), account=side.account, script={"legs": (parse_leg("accept,talk=90"),)})
    (inbound,) = side.client.calls.list(to=NUMBER)
    (leg,) = side.client.calls.list(parent_call_sid=inbound.sid)
    assert (inbound.status, inbound.direction, inbound._from) == ("completed", "inbound", CALLER)
    assert (leg.to, leg.direction, leg.status) == (agent, "outbound-dial", "completed")
    assert int(leg.duration) >= 90 > 0
    fetched = side.client.calls(inbound.sid).fetch()
    assert fetched.end_time - fetched.start_time == timedelta(seconds=int(fetched.duration))


def test_calls_are_listed_by_time_and_status(side: Side) -> None:
    played(Desk({"/voice": response('<Pause length="10"/>')}), account=side.account)
    hour = timedelta(hours=1)
    assert len(side.client.calls.list(start_time_after=BEGUN - hour, status="completed")) == 1
    assert side.client.calls.list(start_time_after=BEGUN + hour) == []
    assert side.client.calls.list(start_time_before=BEGUN - hour) == []
    assert side.client.calls.list(status="busy") == []


def test_a_long_list_comes_in_pages(side: Side) -> None:
    for number in range(45):
        sid = f"CA{number:032x}"
        side.account.calls[sid] = CallRecord(
            sid=sid, caller=CALLER, called=NUMBER, direction="inbound", status="completed", created=BEGUN
        )
    assert len({call.sid for call in side.client.calls.list(page_size=20)}) == 45
    assert len([path for _, path in side.api.came if path.endswith("/Calls.json")]) == 3


def test_a_message_can_be_listened_to_and_is_deleted_once(side: Side) -> None:
    sid = leave_message(side)
    kind, content = fetch(side, sid)
    with wave.open(io.BytesIO(content)) as sound:
        assert (kind, sound.getnframes() / sound.getframerate()) == ("audio/x-wav", 8.0)
    assert side.client.recordings.list()[0].media_url.startswith(side.base)
    assert side.client.recordings(sid).delete()
    with pytest.raises(TwilioRestException) as refused:
        side.client.recordings(sid).delete()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    with pytest.raises(HTTPError) as gone:
        fetch(side, sid)
    assert b"<Code>20404</Code>" in gone.value.read()
    assert side.client.recordings.list() == []


def test_what_is_not_finished_cannot_be_deleted(side: Side) -> None:
    sid = "RE" + "1" * 32
    side.account.recordings[sid] = RecordingRecord(
        sid=sid, call="CA" + "1" * 32, status="processing", created=BEGUN, seconds=3
    )
    with pytest.raises(TwilioRestException) as refused:
        side.client.recordings(sid).delete()
    assert refused.value.status == 400


def test_the_number_says_where_its_calls_go(side: Side) -> None:
    (number,) = side.client.incoming_phone_numbers.list(phone_number=NUMBER)
    assert (number.voice_url, number.status_callback) == (hotline().voice_url, hotline().status_url)
    assert number.voice_method == "POST"
    assert side.client.incoming_phone_numbers.list(phone_number="+33100000000") == []


def test_a_text_message_is_taken_and_kept(side: Side) -> None:
    sent = side.client.messages.create(to=CALLER, from_=NUMBER, body="https://support.example.org/t")
    assert (sent.status, sent.body) == ("queued", "https://support.example.org/t")
    assert [message.to for message in side.client.messages.list()] == [CALLER]
    with pytest.raises(TwilioRestException) as refused:
        side.client.messages.create(to=CALLER, from_=NUMBER)
    assert refused.value.code == 21602


def test_nothing_is_told_without_the_secret(side: Side) -> None:
    client = Client(side.account.sid, "guessed")
    client.api.base_url = side.base
    with pytest.raises(TwilioRestException) as refused:
        client.calls("CA" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)
    with pytest.raises(HTTPError, match="401"):
        fetch(side, leave_message(side), secret="guessed")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        (Wrong.UNAUTHORISED, 401, 20003),
        (Wrong.NOT_FOUND, 404, 20404),
        (Wrong.TOO_MANY, 429, 20429),
        (Wrong.BROKEN, 500, 20500),
    ],
)
def test_trouble_comes_so_many_times_and_then_is_over(side: Side, wrong: Wrong, status: int, code: int) -> None:
    sid = leave_message(side)
    side.api.trouble.append(Trouble(wrong=wrong, times=2, where="/Recordings/"))
    for ask in (side.client.recordings(sid).fetch, side.client.recordings(sid).delete):
        with pytest.raises(TwilioRestException) as failed:
            ask()
        assert (failed.value.status, failed.value.code) == (status, code)
    assert side.client.recordings(sid).fetch().status == "completed"


def test_a_file_can_be_cut_short_or_be_a_page(side: Side) -> None:
    sid = leave_message(side)
    side.api.trouble += [Trouble(wrong=Wrong.CUT_SHORT, where=".wav"), Trouble(wrong=Wrong.OTHER_KIND, where=".wav")]
    with pytest.raises(IncompleteRead):
        fetch(side, sid)
    assert fetch(side, sid)[0] == "text/html"
    assert fetch(side, sid)[0] == "audio/x-wav"


def test_a_file_can_lie_on_another_host_which_refuses_our_secret(side: Side) -> None:
    sid = leave_message(side)
    with served(MediaHost(account=side.account)) as elsewhere:
        side.api.trouble.append(Trouble(wrong=Wrong.ELSEWHERE, times=2, where=".wav", target=elsewhere))
        with pytest.raises(HTTPError, match="400"):
            fetch(side, sid)  # this client takes the header along
        with urllib.request.urlopen(f"{elsewhere}/media/{sid}.wav", timeout=10) as answer:
            assert answer.headers["Content-Type"] == "audio/x-wav"
        with pytest.raises(HTTPError, match="404"):
            urllib.request.urlopen(f"{elsewhere}/media/RE{'0' * 32}.wav", timeout=10)
