"""The first lines of an agent's mail: what is an order, what looks like one, what is text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.commands import read_orders, to_change
from tests.support.reasons import said


@pytest.mark.parametrize(
    ("text", "commands", "unknown", "rest"),
    [
        ("Bonjour", [], (), "Bonjour"),
        ("#severity blocking\nOn regarde.", [("severity", "blocking")], (), "On regarde."),
        ("\n#STATUS resolved\n\n#assign me\n", [("status", "resolved"), ("assign", "me")], (), ""),
        (
            "#level N2 file pleine\n#note\nvoir avec Paul",
            [("level", "N2 file pleine"), ("note", "")],
            (),
            "voir avec Paul",
        ),
        ("#note pour nous seuls", [("note", "")], (), "pour nous seuls"),
        ("#sevrity blocking\nBonjour", [], ("there is no command #sevrity",), "Bonjour"),
        ("#1234 est en panne", [], (), "#1234 est en panne"),
        ("# Titre", [], (), "# Titre"),
        ("Bonjour\n#status closed", [], (), "Bonjour\n#status closed"),
        ("#kind: adaptive", [("kind", "adaptive")], (), ""),
        ("#status resolved-ish #note", [("status", "resolved-ish #note")], (), ""),
    ],
)
def test_orders(text: str, commands: list[tuple[str, str]], unknown: tuple[str, ...], rest: str) -> None:
    found = read_orders(text)
    assert [(command.name, command.argument) for command in found.commands] == commands
    assert (tuple(map(said, found.unknown)), found.text) == (unknown, rest)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("#status resolved merci de votre patience", "#status resolved merci de votre patience is not understood"),
        ("#assign", "#assign is not understood"),
        ("#severity", "#severity is not understood"),
        ("#level", "#level is not understood"),
        ("#assign me\n" * 21 + "Bonjour", "more than 20 commands"),
    ],
)
def test_an_order_that_says_too_little_or_too_much_is_a_fault(text: str, fault: str) -> None:
    _, faults = to_change(read_orders(text), agent="agent@desk.example")
    assert [said(found) for found in faults] == [fault]


@given(st.text())
def test_any_text_is_read_and_without_an_order_it_is_left_alone(text: str) -> None:
    found = read_orders(text)
    if not found.commands and not found.unknown:
        assert found.text in {text, ""}
