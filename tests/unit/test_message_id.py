"""Message-IDs: ours are known again, and the ids in a header are read however they were written."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.message_id import MAX_BYTES, MAX_IDS, OwnMessageId, make_message_id, parse_message_ids, read_own
from gateway.mail.references import is_sound_id
from gateway.mail.tokens import Purpose, TokenSigner

TODAY = date(2026, 11, 24)
SIGNER = TokenSigner(keys=(b"k" * 32,), lifetime_days=400)


def made(domain: str = "demo.example") -> str:
    return make_message_id(domain, SIGNER, ticket_id=7, person_id=9, today=TODAY)


def test_an_id_of_ours_is_known_again_and_no_two_are_alike() -> None:
    ids = {made() for _ in range(50)}
    assert len(ids) == 50
    for ident in ids:
        assert is_sound_id(ident)
        assert read_own(ident, SIGNER, today=TODAY) == OwnMessageId(ticket_id=7, person_id=9)
        assert read_own(ident.upper(), SIGNER, today=TODAY) == OwnMessageId(ticket_id=7, person_id=9)


def test_what_another_key_or_purpose_signed_or_is_too_old_is_not_ours() -> None:
    other = TokenSigner(keys=(b"n" * 32,), lifetime_days=400)
    assert read_own(made(), other, today=TODAY) is None
    assert read_own(made(), SIGNER, today=TODAY + timedelta(days=401)) is None
    reply = SIGNER.sign(Purpose.REPLY, 7, 9, 1, today=TODAY)
    assert read_own(f"{reply}@demo.example", SIGNER, today=TODAY) is None


@pytest.mark.parametrize("numbers", [(), (7,), (7, 9), (7, 9, 1, 2)])
def test_a_signed_id_with_other_numbers_than_ours_have_is_not_ours(numbers: tuple[int, ...]) -> None:
    token = SIGNER.sign(Purpose.MESSAGE_ID, *numbers, today=TODAY)
    assert read_own(f"{token}@demo.example", SIGNER, today=TODAY) is None


@given(st.text(max_size=80))
def test_no_foreign_id_is_taken_for_ours_or_raises(text: str) -> None:
    assert read_own(text, SIGNER, today=TODAY) is None


@pytest.mark.parametrize(
    ("header", "ids"),
    [
        ("<a@b>", ["a@b"]),
        (" <a@b> <c@d>\r\n <e@f>", ["a@b", "c@d", "e@f"]),
        ("<a@b><c@d>", ["a@b", "c@d"]),
        ("<a@b>, <c@d>", ["a@b", "c@d"]),
        ("<a@b> <A@b> <a@b>", ["a@b", "A@b"]),
        ("<long-\r\n\tid@b>", ["long-id@b"]),
        ("<long- id@b>", ["long-id@b"]),
        ("<no-at-sign>", ["no-at-sign"]),
        ("<a@[127.0.0.1]>", ["a@[127.0.0.1]"]),
        ("a@b", ["a@b"]),
        ("a@b c@d", ["a@b", "c@d"]),
        ("Message of Tue, 24 Nov 2026 <a@b>", ["a@b"]),
        ("Your message (a@b) of today", ["a@b"]),
        ("<é@b>", ["é@b"]),
        ("", []),
        ("<>", []),
        ("< >", []),
        ("no id at all", []),
        (f"<{'a' * MAX_BYTES}>", ["a" * MAX_BYTES]),
        (f"<{'a' * (MAX_BYTES + 1)}>", []),
        (f"<{'é' * MAX_BYTES}>", []),
    ],
)
def test_the_ids_of_a_header_are_read_however_they_were_written(header: str, ids: list[str]) -> None:
    assert list(parse_message_ids(header)) == ids


def test_a_header_gives_so_many_ids_and_no_more() -> None:
    header = " ".join(f"<{number}@x>" for number in range(MAX_IDS + 50))
    assert list(parse_message_ids(header)) == [f"{number}@x" for number in range(MAX_IDS)]


@given(st.text(alphabet=st.sampled_from('ab@<> \r\n\t,()"\x00é'), max_size=200))
def test_an_id_from_a_header_never_holds_what_would_end_it(header: str) -> None:
    for ident in parse_message_ids(header):
        assert ident
        assert not set(ident) & set("<> \r\n\t\x00")
