"""The replies agree with themselves (RFC 5321 section 4.2, RFC 2034 section 4)."""

import re

import pytest

from gateway.ids import SpoolId
from inbound import replies

CONSTANTS = {name: value for name, value in vars(replies).items() if name.isupper()}
MADE = {
    "accepted": replies.accepted(SpoolId("1k107qps900qrx25r7p60")),
    "unknown_recipient": replies.unknown_recipient("No such address here"),
    "incident": replies.incident("1k107qps"),
}


@pytest.mark.parametrize("reply", [pytest.param(text, id=name) for name, text in {**CONSTANTS, **MADE}.items()])
def test_a_reply_has_two_codes_of_one_class_and_a_sentence_on_one_line(reply: str) -> None:
    found = re.fullmatch(r"(?P<first>[245])\d\d (?P<second>\d)\.\d\.\d{1,2} [A-Z][ -~]{1,400}|(3|220)\S* [ -~]+", reply)
    assert found is not None
    assert found["first"] == found["second"]


def test_every_line_of_the_capabilities_but_the_last_says_that_more_comes() -> None:
    lines = replies.capabilities("mx.demo.example", max_size=1, tls=True).split("\r\n")
    assert all(line.startswith("250-") for line in lines[:-1])
    assert lines[-1] == "250 HELP"
    assert "250-STARTTLS" in lines
