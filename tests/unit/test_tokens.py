"""Signed tokens: what we signed is believed, everything else is not."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.tokens import BadToken, Purpose, TokenSigner

TODAY = date(2026, 11, 24)
SIGNER = TokenSigner(keys=(b"k" * 32,), lifetime_days=400)


@given(st.lists(st.integers(min_value=0, max_value=2**63), max_size=3))
def test_a_token_gives_back_its_numbers_in_any_letter_case(numbers: list[int]) -> None:
    token = SIGNER.sign(Purpose.REPLY, *numbers, today=TODAY)
    assert SIGNER.verify(Purpose.REPLY, token.upper(), today=TODAY) == tuple(numbers)


@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    token = SIGNER.sign(Purpose.REPLY, 7, 9, today=TODAY)
    position = data.draw(st.integers(min_value=0, max_value=len(token) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda char: char.lower() != token[position]))
    with pytest.raises(BadToken):
        SIGNER.verify(Purpose.REPLY, token[:position] + other + token[position + 1 :], today=TODAY)


def test_a_token_for_one_purpose_is_refused_for_another() -> None:
    token = SIGNER.sign(Purpose.REPLY, 7, 9, today=TODAY)
    with pytest.raises(BadToken):
        SIGNER.verify(Purpose.MESSAGE_ID, token, today=TODAY)


def test_a_token_lives_to_the_last_day_of_its_lifetime() -> None:
    token = SIGNER.sign(Purpose.REPLY, 7, today=TODAY)
    assert SIGNER.verify(Purpose.REPLY, token, today=TODAY + timedelta(days=400)) == (7,)
    with pytest.raises(BadToken):
        SIGNER.verify(Purpose.REPLY, token, today=TODAY + timedelta(days=401))


def test_after_a_rotation_the_old_key_is_believed_and_the_new_one_signs() -> None:
    rotated = TokenSigner(keys=(b"n" * 32, b"k" * 32), lifetime_days=400)
    assert rotated.verify(Purpose.REPLY, SIGNER.sign(Purpose.REPLY, 7, today=TODAY), today=TODAY) == (7,)
    with pytest.raises(BadToken):
        SIGNER.verify(Purpose.REPLY, rotated.sign(Purpose.REPLY, 7, today=TODAY), today=TODAY)


@given(st.text(max_size=80))
def test_no_text_from_outside_raises_anything_else(text: str) -> None:
    with pytest.raises(BadToken):
        SIGNER.verify(Purpose.REPLY, text, today=TODAY)
