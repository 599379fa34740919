"""References of outgoing mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.references import MAX_REFERENCES, build_references, is_sound_id


def test_the_parent_comes_last_after_what_it_named() -> None:
    assert build_references(["a@x", "b@x"], "c@x") == ("a@x", "b@x", "c@x")


def test_an_id_that_is_named_twice_stands_once_and_the_parent_still_last() -> None:
    assert build_references(["a@x", "c@x", "a@x", "b@x"], "c@x") == ("a@x", "b@x", "c@x")


def test_a_mail_without_message_id_is_answered_without_references() -> None:
    assert build_references([], None) == ()


def test_of_a_long_thread_the_first_and_the_last_ids_stay() -> None:
    kept = build_references([f"{number}@x" for number in range(500)], "parent@x")
    assert len(kept) == MAX_REFERENCES
    assert kept[0] == "0@x"
    assert kept[-2:] == ("499@x", "parent@x")


@pytest.mark.parametrize(
    "unsound",
    ["", "no-at-sign", "é@x", "a b@x", "a@x>", "<a@x", "a\r\nBcc:b@x", "a\x00@x", f"{'a' * 300}@x"],
)
def test_an_id_that_a_mail_system_could_trip_over_is_left_out(unsound: str) -> None:
    assert not is_sound_id(unsound)
    assert build_references(["a@x", unsound], unsound) == ("a@x",)


@given(st.lists(st.text(max_size=400), max_size=60), st.none() | st.text(max_size=400))
def test_whatever_comes_in_every_id_that_goes_out_is_sound(ids: list[str], parent: str | None) -> None:
    kept = build_references(ids, parent)
    assert all(is_sound_id(message_id) for message_id in kept)
    assert len(kept) == len(set(kept)) <= MAX_REFERENCES
