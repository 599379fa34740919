"""The web telephone: each key is a form, and only whoever has the printed address can call."""

import re
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from telephony.simulator.phone import Phone
from telephony.simulator.script_file import parse_script
from telephony.simulator.session import Session
from tests.support.simulated import BEGUN, Desk, gather, provider, response, say

KEY = "secret-key"


def phone(desk: Desk) -> Client:
    calls = iter(range(100))

    def place(document: Any) -> Session:
        return Session(provider(desk), parse_script(document), begun=BEGUN, seed=next(calls))

    return Client(Phone(key=KEY, place=place))


def begin(client: Client) -> str:
    begun = client.post(f"/{KEY}/call", data={"from": "+33612345678", "leg": ["accept", "busy"]})
    assert begun.status_code == 303
    return str(begun.headers["Location"])


def press(client: Client, call: str, *keys: str) -> TestResponse:
    for key in keys:
        assert client.post(f"{call}/press", data={"key": key}).status_code == 303
    return client.get(call)


def desk(*, most: str = "") -> Desk:
    limit = {"numDigits": most} if most else {}
    return Desk({"/voice": response(gather(**limit)), "/next": response(say("merci"), "<Hangup/>")})


def test_keys_are_held_until_the_finishing_key() -> None:
    heard = desk()
    client = phone(heard)
    call = begin(client)
    held = press(client, call, "1", "2")
    assert "<output>12</output>" in held.text
    assert "/next" not in heard.paths()
    over = press(client, call, "#")
    assert heard.forms("/next")[0]["Digits"] == "12"
    assert "« merci »" in over.text
    assert "The call is over" in over.text


def test_one_key_answers_where_one_is_asked_for() -> None:
    heard = desk(most="1")
    client = phone(heard)
    press(client, begin(client), "7")
    assert heard.forms("/next")[0]["Digits"] == "7"


@pytest.mark.parametrize(("key", "digits"), [("wait", ["34"]), ("hangup", [])])
def test_one_can_wait_or_hang_up(key: str, digits: list[str]) -> None:
    heard = desk()
    client = phone(heard)
    press(client, begin(client), "3", "4", key)
    assert [form["Digits"] for form in heard.forms("/next")] == digits
    assert heard.paths()[-1] == "/status"


def test_what_is_no_key_does_nothing_and_neither_does_a_key_after_the_end() -> None:
    heard = desk()
    client = phone(heard)
    call = begin(client)
    assert "<output></output>" in press(client, call, "x", "", "12").text
    ended = press(client, call, "hangup", "1", "hangup")
    assert ended.text.count("hangs up") == 1


def test_nothing_is_there_without_the_key() -> None:
    client = phone(desk())
    call = begin(client)
    for path in ("/", "/call", "/other/", call.replace(KEY, "other")):
        assert client.get(path).status_code == 404
    assert client.post("/other/call", data={"from": "+33612345678"}).status_code == 404
    assert client.post(call.replace(KEY, "other") + "/press", data={"key": "1"}).status_code == 404


def test_a_number_that_is_none_is_refused_with_a_sentence_and_escaped() -> None:
    client = phone(desk())
    refused = client.post(f"/{KEY}/call", data={"from": "+33612345678", "leg": "<b>"})
    assert refused.status_code == 400
    assert "&lt;b&gt;" in refused.text
    assert "<b>" not in refused.text


def test_the_pages_need_no_script_and_forbid_it() -> None:
    client = phone(desk())
    for page in (client.get(f"/{KEY}/"), client.get(begin(client))):
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert len(re.findall(r'name="key"', client.get(begin(client)).text)) == 14
