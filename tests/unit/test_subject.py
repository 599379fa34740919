"""Subjects of our own mail."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.subject import MAX_SUBJECT, one_line, reply_subject, tag_subject


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Impossible de se connecter", "Re: Impossible de se connecter [DEMO-42]"),
        ("Re: RE: Ré : AW: Panne", "Re: Panne [DEMO-42]"),
        ("Re[2]: Panne", "Re: Panne [DEMO-42]"),
        ("TR: Panne", "Re: TR: Panne [DEMO-42]"),
        ("Re: Panne [DEMO-42]", "Re: Panne [DEMO-42]"),
        ("Reset du mot de passe", "Re: Reset du mot de passe [DEMO-42]"),
        ("", "Re: [DEMO-42]"),
        ("Panne\r\nBcc: everybody@example.org", "Re: Panne Bcc: everybody@example.org [DEMO-42]"),
        ("Panne\u2028\u202eevil", "Re: Panne evil [DEMO-42]"),
    ],
)
def test_an_answer_has_one_reply_prefix_and_one_tag(subject: str, expected: str) -> None:
    assert reply_subject(subject, "DEMO-42") == expected


def test_the_tag_survives_a_subject_that_is_too_long() -> None:
    subject = reply_subject("long " * 200, "DEMO-42")
    assert subject.endswith("… [DEMO-42]")
    assert len(subject) <= MAX_SUBJECT


@given(st.text(max_size=600), st.sampled_from(["DEMO-1", "LONGPROJEC-4294967295"]))
def test_no_text_from_outside_leaves_its_line(text: str, ref: str) -> None:
    for subject in (tag_subject(text, ref), reply_subject(text, ref)):
        assert subject.endswith(f"[{ref}]")
        assert len(subject) <= MAX_SUBJECT
        assert not {unicodedata.category(char) for char in subject} & {"Cc", "Zl", "Zp", "Cs"}


@given(st.text(max_size=300), st.integers(min_value=1, max_value=100))
def test_one_line_keeps_its_limit(text: str, limit: int) -> None:
    assert len(one_line(text, limit=limit)) <= limit
