"""Header fields and parts: what is written is what a mail program reads back, and nothing breaks out."""

import email
import re
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.subject import one_line
from gateway.notify.mime import UnsafeHeader, address_field, alternative, field, ids_field, text_field

BREAKING = ["\r\nBcc: everybody@example.org", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028", "\ud800"]


def read(header: str) -> EmailMessage:
    message = email.message_from_bytes(header.encode() + b"\r\n", policy=default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("breaking", BREAKING)
def test_a_value_that_would_leave_its_field_is_refused_whatever_the_field(breaking: str) -> None:
    value = f"before{breaking}after"
    for write in (
        lambda: field("X-Test", [value]),
        lambda: text_field("Subject", value),
        lambda: text_field("Subject", f"é{value}"),
        lambda: ids_field("References", ["a@x", value]),
        lambda: address_field("To", value),
        lambda: address_field("From", "support@demo.example", display=value),
    ):
        with pytest.raises(UnsafeHeader):
            write()


def test_a_name_that_is_no_field_name_is_refused() -> None:
    with pytest.raises(UnsafeHeader):
        field("X-Test: y\r\nBcc", ["value"])


def test_a_word_that_no_line_can_hold_is_refused() -> None:
    with pytest.raises(UnsafeHeader):
        ids_field("References", [f"{'a' * 1000}@x"])


@given(st.text(max_size=300))
def test_any_text_cleaned_to_one_line_comes_back_from_a_subject(text: str) -> None:
    cleaned = one_line(text, limit=200)
    header = text_field("Subject", cleaned)
    assert header.isascii()
    assert all(len(line) <= 78 or " " not in line.strip() for line in header.split("\r\n"))
    assert re.sub(r"\s+", " ", read(header)["Subject"] or "").strip() == re.sub(r"\s+", " ", cleaned).strip()


@given(st.text(max_size=200))
def test_any_name_cleaned_to_one_line_stays_beside_its_one_address(text: str) -> None:
    header = address_field("From", "support@demo.example", display=one_line(text, limit=100))
    addresses = read(header)["From"].addresses
    assert header.isascii()
    assert [address.addr_spec for address in addresses] == ["support@demo.example"]


@pytest.mark.parametrize(
    "display", ["Support", "Support Démonstration", 'Ann "the boss", B. <x@y>', "L'équipe, support", "=?utf-8?q?x?="]
)
def test_a_display_name_is_read_as_it_was_meant(display: str) -> None:
    (mailbox,) = read(address_field("From", "support@demo.example", display=display))["From"].addresses
    assert mailbox.display_name == display


def test_long_ids_are_neither_split_nor_encoded() -> None:
    ids = [f"{'a' * 200}{number}@mail.example.org" for number in range(20)]
    header = ids_field("References", ids)
    assert re.findall(r"<([^<>]+)>", header) == ids
    assert all(len(line) <= 998 for line in header.split("\r\n"))


@given(st.text(max_size=500), st.text(max_size=500))
def test_both_parts_come_back_as_they_were_written(text: str, html: str) -> None:
    text, html = (one.encode("utf-8", "replace").decode() for one in (text, html))
    raw = alternative(text=text, html=html, boundary="=_gateway_1")
    assert raw.isascii()
    assert all(len(line) <= 76 + len("Content-Type: ") for line in raw.split(b"\r\n"))
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    plain, rich = message.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    for part, expected in ((plain, text), (rich, html)):
        assert isinstance(part, EmailMessage)
        # Decoded, a part that is no multipart is bytes; the type knows multiparts, too.
        assert unix(part.get_payload(decode=True).decode()) == unix(expected)  # type: ignore[union-attr]


def unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
