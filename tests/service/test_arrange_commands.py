"""The operator merges, splits and links tickets, and says who is on one, from the shell."""

import json

import pytest

from gateway.runtime import Runtime
from tests.service.test_filing import file
from tests.support.desk import NINA, staff
from tests.support.installation import mail
from tests.support.operator import Operator

MARIE, PAUL = "marie@client.example", "paul@client.example"
BY = ("--as", NINA)


@pytest.fixture
def tickets(runtime: Runtime) -> Runtime:
    """DEMO-1 and DEMO-2 of Marie's."""
    staff(runtime)
    file(runtime, mail(1))
    file(runtime, mail(2))
    return runtime


def test_what_is_around_a_ticket_is_shown_with_it(tickets: Runtime, operator: Operator) -> None:
    assert operator.says("ticket", "link", "demo-1", "DEMO-2", *BY) == "DEMO-1: linked to DEMO-2\n"
    assert operator.says("ticket", "link", "DEMO-2", "DEMO-1", *BY) == "DEMO-2: already linked to DEMO-1\n"
    people = operator.says("ticket", "people", "DEMO-1", "--add", PAUL, *BY)
    assert people == f"DEMO-1: {MARIE}, {PAUL}\n"
    assert operator.says("ticket", "merge", "DEMO-2", "DEMO-1", *BY) == "DEMO-2: merged into DEMO-1\n"
    [row] = operator.rows("ticket", "show", "DEMO-1")
    assert (row["links"], row["merged"], row["merged_into"]) == (["DEMO-2"], ["DEMO-2"], None)
    assert row["people"] == [MARIE, PAUL]
    [merged] = operator.rows("ticket", "show", "DEMO-2")
    assert (merged["status"], merged["merged_into"]) == ("merged", "DEMO-1")
    shown = operator.says("ticket", "show", "DEMO-1").splitlines()
    assert {f"with {PAUL}", "took over DEMO-2", "linked to DEMO-2"} <= set(shown)
    assert "merged into DEMO-1" in operator.says("ticket", "show", "DEMO-2").splitlines()


def test_the_number_of_an_entry_is_shown_and_splits_it_off(tickets: Runtime, operator: Operator) -> None:
    operator.says("ticket", "set", "DEMO-1", "--note", "à part", *BY)
    [row] = operator.rows("ticket", "show", "DEMO-1")
    number = row["timeline"][0]["id"]
    assert f"  #{number}  in message by {MARIE}" in operator.says("ticket", "show", "DEMO-1")
    words = ("ticket", "split", "DEMO-1", "--entry", str(number), "--subject", "Autre chose", *BY)
    created = json.loads(operator.says(*words, "--json"))
    assert (created["ref"], created["subject"], created["links"]) == ("DEMO-3", "Autre chose", ["DEMO-1"])


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("merge", "DEMO-1", "DEMO-9", *BY), 66, "there is no ticket DEMO-9"),
        (("merge", "DEMO-1", "DEMO-1", *BY), 65, "DEMO-1 is where it would end: a ticket is not merged into itself"),
        (("merge", "DEMO-1", "DEMO-2", "--as", "x@y.example"), 66, "there is no such ticket for this person"),
        (("split", "DEMO-1", "--entry", "4711", *BY), 66, "there is no entry 4711 on DEMO-1"),
        (("link", "DEMO-1", "DEMO-2", "--as", MARIE), 65, "only agents link tickets"),
        (("people", "DEMO-1", *BY), 65, "nothing would change"),
        (("people", "DEMO-1", "--remove", MARIE, *BY), 65, f"{MARIE} is the reporter, and stays on the ticket"),
    ],
)
def test_a_refusal_is_an_exit_code_and_one_clear_sentence(
    tickets: Runtime, operator: Operator, words: tuple[str, ...], code: int, sentence: str
) -> None:
    assert operator.refused("ticket", *words) == (code, sentence)
