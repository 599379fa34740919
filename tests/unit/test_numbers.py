"""Numbers as networks hand them over, and the code that callers key in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.hotline_code import complete, is_hotline_code, make_hotline_code
from telephony.numbers import NumberKind, mask, read_number


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("+33612345678", "+33612345678"),
        ("06 12 34 56 78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+33/612345678", "+33612345678"),
        ("01 42 34 56 78", "+33142345678"),
        ("0692 12 34 56", "+262692123456"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+1 415 867 5309", "+14158675309"),
    ],
)
def test_a_number_is_e164(raw: str, e164: str) -> None:
    found = read_number(raw)
    assert (found.kind, found.e164) == (NumberKind.E164, e164)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("", NumberKind.ANONYMOUS),
        ("anonymous", NumberKind.ANONYMOUS),
        ("Restricted", NumberKind.ANONYMOUS),
        ("+266696687", NumberKind.ANONYMOUS),
        ("+7378742833", NumberKind.ANONYMOUS),
        ("+2562533", NumberKind.ANONYMOUS),
        ("+8656696", NumberKind.ANONYMOUS),
        ("+86282452253", NumberKind.ANONYMOUS),
        ("sip:anonymous@anonymous.invalid", NumberKind.ANONYMOUS),
        ("client:alice", NumberKind.NOT_A_NUMBER),
        ("sip:1234@example.org", NumberKind.NOT_A_NUMBER),
        ("bonjour", NumberKind.NOT_A_NUMBER),
        ("112", NumberKind.INVALID),
        ("3949", NumberKind.INVALID),
        ("+33 6", NumberKind.INVALID),
        ("9" * 200, NumberKind.INVALID),
    ],
)
def test_what_is_no_number_says_why(raw: str, kind: NumberKind) -> None:
    found = read_number(raw)
    assert (found.kind, found.e164) == (kind, None)


@given(st.text(max_size=100))
def test_any_text_is_understood_somehow(raw: str) -> None:
    found = read_number(raw)
    assert (found.e164 is not None) == (found.kind is NumberKind.E164)


def test_mobile_numbers_are_told_from_others_and_masked() -> None:
    assert read_number("0612345678").is_mobile
    assert not read_number("0142345678").is_mobile
    assert mask("+33612345678") == "+33 … 78"


@given(st.integers(min_value=0, max_value=999_999), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_always_shows(number: int, place: int, by: int) -> None:
    code = complete(f"{number:06d}")
    assert is_hotline_code(code)
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    assert not is_hotline_code(wrong)


@given(st.integers(min_value=0, max_value=999_999), st.integers(0, 6))
def test_two_neighbours_that_changed_places_always_show(number: int, place: int) -> None:
    code = complete(f"{number:06d}")
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert swapped == code or not is_hotline_code(swapped)


@pytest.mark.parametrize("digits", ["", "1234567", "123456789", "١٢٣٤٥٦٧٨", "abcdefgh", " 1234567"])
def test_what_is_not_eight_digits_is_no_code(digits: str) -> None:
    assert not is_hotline_code(digits)


def test_codes_are_drawn_sound() -> None:
    assert all(is_hotline_code(make_hotline_code()) for _ in range(200))
