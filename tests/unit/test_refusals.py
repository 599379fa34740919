"""Every reason that the rules give is said in French, and what an agent ordered stays as it was written."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product

import pytest

from gateway.domain import rights
from gateway.domain.change import Change, Doer, plan_change
from gateway.domain.contract import Contract
from gateway.domain.kinds import FIELDS, detail_faults
from gateway.domain.rights import Actor, Place
from gateway.domain.ticket import Kind, Language, Level, Role, Status
from gateway.errors import Refused
from gateway.notify.enclosed import say_enclosed
from gateway.notify.refusals import say_refusal
from inbound.commands import read_orders, to_change

CONTRACT = Contract()
ACTORS = [Actor(roles=frozenset({role} if role else ())) for role in (None, *Role)]
PLACES = [
    Place(kind=kind, severity=None, status=status, level=level, been=frozenset({level}))
    for kind, status, level in product(Kind, Status, Level)
]


def reasons() -> Iterator[str | None]:
    """What each rule says, whoever asks and wherever the ticket stands."""
    for actor, place in product(ACTORS, PLACES):
        yield rights.may_see(actor, place)
        yield rights.may_note(actor, place)
        yield rights.may_work(actor, place)
        yield rights.may_set_severity(actor, place, CONTRACT)
        yield from (rights.may_read_notes(actor, level) for level in Level)
        yield from (rights.may_set_kind(actor, place, kind) for kind in Kind)
        yield from (rights.may_set_status(actor, place, status) for status in Status)
        yield from (rights.may_hand(actor, place, level, reason="") for level in Level)
        yield from (rights.may_assign(actor, place, other.roles) for other in ACTORS)
    for kind in Kind:
        yield from detail_faults(kind, {"colour": "red"})
        for field in FIELDS[kind]:
            yield from (field.fault(value) for value in ("", "?"))
    orders = read_orders("#sevrity x\n#severity enormous\n#level\n" + "#assign me\n" * 30)
    yield from to_change(orders, agent="agent@desk.example")[1]


def test_every_reason_of_the_rules_is_said_in_french() -> None:
    found = {reason for reason in reasons() if reason}
    assert len(found) > 50
    assert {reason for reason in found if say_refusal(reason, Language.FR) == reason} == set()
    assert {reason for reason in found if say_refusal(reason, Language.EN) != reason} == set()


def test_that_nothing_would_change_is_said_too() -> None:
    agent = Doer(
        email="agent@desk.example", actor=Actor(roles=frozenset({Role.N1})), at=datetime(2026, 11, 24, tzinfo=UTC)
    )
    with pytest.raises(Refused) as caught:
        plan_change(Change(), place=PLACES[0], assignee="", doer=agent, contract=CONTRACT)
    assert say_refusal(str(caught.value), Language.FR) == "rien ne changerait"


@pytest.mark.parametrize(
    ("reason", "french"),
    [
        (
            "it is before N1, and only N1 or a supervisor works on it",
            "elle est au niveau N1 : seuls N1 ou un superviseur y travaillent",
        ),
        ("it is closed: reopen it first", "elle est à l’état closed : rouvrez-la d’abord"),
        ("there is no command #sevrity", "la commande #sevrity n’existe pas"),
        ("#severity énorme {0} is not understood", "#severity énorme {0} n’est pas compris"),
        ("what nobody has translated", "what nobody has translated"),
    ],
)
def test_how_it_is_said(reason: str, french: str) -> None:
    assert say_refusal(reason, Language.FR) == french


def test_a_reason_of_any_length_is_soon_said() -> None:
    say_refusal("it is already before " * 50_000, Language.FR)


def test_files_without_words_are_named() -> None:
    assert say_enclosed([], Language.FR) == ""
    assert say_enclosed(["a.pdf"], Language.FR) == "Fichier joint : a.pdf"
    assert say_enclosed(["a.pdf", "b.png"], Language.EN) == "Files attached: a.pdf, b.png"
    assert say_enclosed([f"{number}.png" for number in range(12)], Language.FR).endswith("9.png, …")
