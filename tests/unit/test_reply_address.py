"""Signed addresses: read back exactly, short enough for every mail system, worth nothing in other hands."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.reply_address import BounceToken, ReplyToken, make_bounce_address, make_reply_address, read_token
from gateway.mail.tokens import Purpose, TokenSigner

TODAY = date(2026, 11, 24)
SIGNER = TokenSigner(keys=(b"k" * 32,), lifetime_days=400)
LONGEST = "a-support-of-20-char@demo.example"


def reply(address: str = "support@demo.example", *, signer: TokenSigner = SIGNER) -> str:
    return make_reply_address(address, signer, ticket_id=7, person_id=9, today=TODAY)


def bounce(address: str = "support@demo.example") -> str:
    return make_bounce_address(address, SIGNER, delivery_id=3, today=TODAY)


@pytest.mark.parametrize("written", [str.lower, str.upper, str.title, lambda text: f" {text}. "])
def test_a_signed_address_says_what_it_was_signed_for_however_it_comes_back(written: object) -> None:
    assert callable(written)
    assert read_token(written(reply()), SIGNER, today=TODAY) == ReplyToken(ticket_id=7, person_id=9)
    assert read_token(written(bounce()), SIGNER, today=TODAY) == BounceToken(delivery_id=3)


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1), st.integers(0, 365 * 100))
def test_it_fits_into_a_local_part_for_any_ticket_on_any_day(ticket: int, person: int, days: int) -> None:
    today = TODAY + timedelta(days=days)
    address = make_reply_address(LONGEST, SIGNER, ticket_id=ticket, person_id=person, today=today)
    assert len(address.rpartition("@")[0]) <= 64  # RFC 5321 section 4.5.3.1.1
    assert read_token(address, SIGNER, today=today) == ReplyToken(ticket_id=ticket, person_id=person)


@pytest.mark.parametrize(
    "address",
    [
        "support@demo.example",
        "support+holiday@demo.example",
        "support+r-@demo.example",
        "support+r-1-2-3@demo.example",
        reply()[:-20],
        reply().replace("+r-", "+b-"),
        bounce().replace("+b-", "+r-"),
        reply().replace("-7-9-", "-7-8-"),
        reply(signer=TokenSigner(keys=(b"n" * 32,), lifetime_days=400)),
        f"support+{SIGNER.sign(Purpose.MESSAGE_ID, 7, 9, today=TODAY)}@demo.example",
        "",
    ],
)
def test_anything_else_says_nothing(address: str) -> None:
    assert read_token(address, SIGNER, today=TODAY) is None


def test_it_is_believed_for_the_signers_lifetime() -> None:
    assert read_token(reply(), SIGNER, today=TODAY + timedelta(days=400)) is not None
    assert read_token(reply(), SIGNER, today=TODAY + timedelta(days=401)) is None


@given(st.text(max_size=100))
def test_no_text_from_outside_is_believed_or_raises(text: str) -> None:
    assert read_token(f"support+{text}@demo.example", SIGNER, today=TODAY) is None
