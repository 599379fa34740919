"""An entry of a list means whole addresses and whole domains, never the end of a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.sender_lists import is_listed


@pytest.mark.parametrize(
    ("address", "entry", "listed"),
    [
        ("marie@example.org", "example.org", True),
        ("Marie@EXAMPLE.org", "Example.Org", True),
        ("marie@example.org", "@example.org", True),
        ("marie@example.org.", "example.org", True),
        ("marie@example.org", "example.org.", True),
        ("marie@notexample.org", "example.org", False),
        ("marie@sub.example.org", "example.org", False),
        ("marie@example.org.evil.example", "example.org", False),
        ("marie@sub.example.org", ".example.org", True),
        ("marie@a.b.example.org", ".example.org", True),
        ("marie@example.org", ".example.org", True),
        ("marie@notexample.org", ".example.org", False),
        ("marie@example.org", "marie@example.org", True),
        ("MARIE@example.org", "marie@Example.org", True),
        ("jeanmarie@example.org", "marie@example.org", False),
        ("marie@sub.example.org", "marie@example.org", False),
        ("marie@exämple.org", "xn--exmple-cua.org", True),
        ("marie@xn--exmple-cua.org", "exämple.org", True),
        ("marie@xn--exmple-cua.org", ".exämple.org", True),
        ("marie@straße.example", "strasse.example", False),
        ("marie@example.org", "", False),
        ("marie@example.org", ".", False),
        ("marie@example.org", "@", False),
        ("marie@example.org", "org", False),
        ("marie@example.org", ".org", True),
        ("", "example.org", False),
        ("no address", "example.org", False),
        ('"a@example.org"@evil.example', "example.org", False),
    ],
)
def test_an_entry_means(address: str, entry: str, listed: bool) -> None:
    assert is_listed(address, [entry]) is listed


def test_any_entry_is_enough_and_none_is_not() -> None:
    assert is_listed("marie@example.org", ["other.example", "example.org"])
    assert not is_listed("marie@example.org", [])


LABEL = st.text(alphabet="abcxyz019", min_size=1, max_size=8)


@given(LABEL, st.lists(LABEL, min_size=1, max_size=3).map(".".join), st.sampled_from(["", ".", "@"]))
def test_no_entry_matches_the_end_of_a_label(glued: str, domain: str, prefix: str) -> None:
    longer = f"{glued}{domain}"
    assert is_listed(f"marie@{longer}", [f"{prefix}{domain}"]) is (
        f".{longer}".endswith(f".{domain}") and prefix == "."
    )
    assert is_listed(f"marie@{glued}.{domain}", [f"{prefix}{domain}"]) is (prefix == ".")


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_makes_it_raise(address: str, entry: str) -> None:
    is_listed(address, [entry])
