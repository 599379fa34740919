"""The simulated provider signs what it sends, refuses what it cannot use, and turns to the fallback."""

import random
from collections import Counter

import pytest

from telephony.signature import Secrets, Webhook, is_signed
from telephony.simulator.delivery import Faults, Mailbag
from telephony.simulator.document import Grammar
from telephony.simulator.effects import Kind, Notify, Reply
from telephony.simulator.sending import Request, Signing, WsgiTransport, signature, signed_request
from telephony.simulator.world import Ending
from tests.support.simulated import BASE, Desk, dial, gather, hotline, played, provider, read, record, response, say

PARAMS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


@pytest.mark.parametrize(
    ("signing", "expected"),
    [
        (Signing(secret="12345"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (Signing(secret="12345", shared_key="one"), "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="),
    ],
)
def test_the_published_vectors_come_out(signing: Signing, expected: str) -> None:
    assert signature(URL, PARAMS.items(), signing) == expected


def test_values_of_a_repeated_name_are_signed_once_and_in_order() -> None:
    params = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
    assert signature(URL, params, Signing(secret="12345")) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="


@pytest.mark.parametrize("signing", [Signing(secret="token"), Signing(secret="token", shared_key="webhooks_key_1")])
def test_every_request_of_a_call_is_believed_by_our_check(signing: Signing) -> None:
    """Blank values, a parameter nobody knows and a public address that is not the local one among them."""
    secrets = Secrets(shared_keys=("token",)) if signing.shared_key else Secrets(auth_tokens=("token",))
    desk = Desk({"/voice": response(gather()), "/next": response(record())})
    sent: list[Request] = []

    def transport(request: Request) -> Reply:
        sent.append(request)
        return WsgiTransport(app=desk)(request)

    played(desk, signing=signing, transport=transport, script={"presses": ("12#",)})
    assert len(sent) == 5
    for request in sent:
        webhook = Webhook(
            method="POST",
            target=request.url.removeprefix(BASE),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.body,
        )
        assert is_signed(webhook, public_base=BASE, secrets=secrets)
        assert not is_signed(webhook, public_base="http://127.0.0.1:8000", secrets=secrets)


def test_what_stands_after_the_hash_is_neither_sent_nor_signed() -> None:
    plain = signed_request(URL, PARAMS, signing=Signing(secret="12345"), token="t")
    assert signed_request(URL + "#rt=5000&rc=1", PARAMS, signing=Signing(secret="12345"), token="t") == plain


def test_a_request_carries_the_full_set_of_parameters() -> None:
    desk = Desk({"/voice": response()})
    played(desk)
    form = desk.forms("/voice")[0]
    assert (form["Caller"], form["Called"], form["Direction"]) == (form["From"], form["To"], "inbound")
    assert (form["FromCity"], form["CalledZip"], form["ToCountry"]) == ("", "", "FR")
    assert [value for name, value in form.items() if name.startswith("Later")] == ["é&=+ %"]
    assert len(desk.headers[0]["HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"]) == 32


BROKEN = {
    "status": (11200, {"status": "503 Down"}, response()),
    "content type": (12300, {"content_type": "text/html"}, response()),
    "no XML": (12100, {}, b"<Response><Say>"),
    "document type": (12100, {}, b"<!DOCTYPE Response [<!ENTITY a 'b'>]><Response/>"),
    "unknown verb": (12200, {}, b"<Response><Shout/></Response>"),
    "verb out of reach": (12200, {}, response("<Hangup/>", say("encore"))),
    "address elsewhere": (12200, {}, response(gather()).replace(BASE.encode(), b"https://elsewhere.example")),
    "list as text": (12200, {}, response(dial("+33612345601")).replace(b"initiated ringing", b"['initiated', ")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_used_sends_the_call_to_the_fallback(name: str) -> None:
    code, faults, body = BROKEN[name]
    broken, spare = Desk({"/voice": body}), Desk({"/fallback": response(say("secours"))})
    for attribute, value in faults.items():
        setattr(broken, attribute, value)

    def transport(request: Request) -> Reply:
        return WsgiTransport(app=spare if request.url.endswith("/fallback") else broken)(request)

    session = played(
        broken,
        transport=transport,
        hotline=hotline(fallback_url=f"{BASE}/fallback", status_url=""),
        grammar=Grammar(base_url=BASE),
    )
    form = spare.forms("/fallback")[0]
    assert (form["ErrorCode"], form["ErrorUrl"]) == (str(code), f"{BASE}/voice")
    assert form["CallSid"] == broken.forms("/voice")[0]["CallSid"]
    assert "« secours »" in read(session)
    assert session.ending is Ending.OVER


@pytest.mark.parametrize(
    ("reply", "is_late"),
    [
        (Reply(status=200, content_type="text/xml", body=response(), seconds=15.0), False),
        (Reply(status=200, content_type="text/xml", body=response(), seconds=15.1), True),
        (Reply(error="no connection"), True),
    ],
)
def test_an_answer_may_take_fifteen_seconds(reply: Reply, is_late: bool) -> None:
    session = played(Desk({}), transport=lambda _request: reply)
    assert session.ending is (Ending.FAILED if is_late else Ending.OVER)
    assert ("11205" in read(session)) == is_late


def test_without_a_fallback_the_call_is_cut_off_and_still_closed() -> None:
    desk = Desk({})
    session = played(desk)
    assert session.ending is Ending.FAILED
    assert desk.paths() == ["/voice", "/status"]


def callbacks(count: int) -> list[Notify]:
    return [Notify(kind=Kind.LEG, url=f"{BASE}/{n}", params={}) for n in range(count)]


def delivered(faults: Faults, *, count: int = 200, seed: int = 3) -> list[int]:
    came: list[int] = []
    bag = Mailbag(
        deliver=lambda callback: came.append(int(callback.url.rpartition("/")[2])),
        faults=faults,
        source=random.Random(seed),
    )
    for callback in callbacks(count):
        bag.hand_over(callback)
    bag.flush()
    return came


def test_callbacks_come_once_and_in_order_without_faults() -> None:
    assert delivered(Faults()) == list(range(200))


def test_a_seed_doubles_reorders_delays_and_drops_callbacks() -> None:
    twice = Counter(delivered(Faults(doubled=0.3)))
    assert set(twice.values()) == {1, 2}
    assert len(twice) == 200
    swapped = delivered(Faults(swapped=0.3))
    assert sorted(swapped) == list(range(200)) != swapped
    late = delivered(Faults(late=0.3))
    assert sorted(late) == list(range(200)) != late
    assert 100 < len(delivered(Faults(dropped=0.3))) < 180
    assert delivered(Faults(dropped=0.3)) == delivered(Faults(dropped=0.3)) != delivered(Faults(dropped=0.3), seed=4)


def test_faults_leave_the_call_itself_as_it_was() -> None:
    def run(faults: Faults) -> tuple[str, Desk]:
        desk = Desk({"/voice": response(gather()), "/next": response(record())})
        return read(played(desk, faults=faults, script={"presses": ("1#",)})), desk

    plain, once = run(Faults())
    disturbed, twice = run(Faults(doubled=1, swapped=0.5, repeated=1))
    assert disturbed == plain
    assert twice.paths().count("/voice") == 2 * once.paths().count("/voice")
    tokens = [headers["HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"] for headers in twice.headers]
    assert tokens[0] == tokens[1]
    assert provider(once).faults == Faults()
