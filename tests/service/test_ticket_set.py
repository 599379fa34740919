"""An agent changes a ticket from the shell: what is then shown, and how a refusal looks."""

import pytest

from gateway.domain.ticket import Status
from gateway.runtime import Runtime
from tests.support.desk import NINA, act, staff
from tests.support.operator import Operator
from tests.support.outbox import file_and_acknowledge

BY = ("--as", NINA)


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """DEMO-1 of Marie's, and somebody at each level."""
    staff(runtime)
    file_and_acknowledge(runtime)
    return runtime


def test_a_ticket_is_changed_and_its_clocks_are_shown(desk: Runtime, operator: Operator) -> None:
    [row] = operator.rows("ticket", "set", "demo-1", "--severity", "blocking", "--assign", NINA, *BY)
    assert (row["severity"], row["assignee"], row["gti_state"]) == ("blocking", NINA, "met")
    assert row["clocks"][0].startswith("GTI blocking: 12 h of elapsed hours, from 2026-11-24 10:00")
    assert len(row["clocks"]) == 2
    [listed] = operator.rows("ticket", "list")
    assert listed["assignee"] == NINA
    assert {name: listed[name] for name in ("gti_due", "gtr_due")} == {
        "gti_due": "2026-11-24T21:00:00Z",
        "gtr_due": "2026-11-25T09:00:00Z",
    }
    assert "GTR blocking: 24 h" in operator.says("ticket", "show", "DEMO-1")


def test_without_json_one_line_says_where_it_stands(desk: Runtime, operator: Operator) -> None:
    said = operator.says("ticket", "set", "DEMO-1", "--level", "N2", "--reason", "au-delà de nous", *BY)
    assert said.splitlines()[0] == "DEMO-1: new, assistance, level N2"
    assert "au-delà de nous" in operator.says("ticket", "show", "DEMO-1")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--level", "N3", *BY), 65, "from N1 it goes to N2 first, not to N3 at once"),
        (("--status", "closed", "--as", "who@elsewhere.example"), 66, "there is no such ticket for this person"),
        (("--reply", "x", "--as", "nobody"), 65, "'nobody' is not a mail address"),
        (BY, 65, "nothing would change"),
        (("--assign", "marie@example.org", *BY), 65, "whoever has it must be an agent of N1"),
        (("--status", "merged", *BY), 65, "a ticket is not set to merged by hand"),
    ],
)
def test_a_refusal_is_an_exit_code_and_one_clear_sentence(
    desk: Runtime, operator: Operator, words: tuple[str, ...], code: int, sentence: str
) -> None:
    assert operator.refused("ticket", "set", "DEMO-1", *words) == (code, sentence)


def test_a_ticket_at_its_end_is_reopened_first(desk: Runtime, operator: Operator) -> None:
    act(desk, NINA, status=Status.CLOSED)
    code, said = operator.refused("ticket", "set", "DEMO-1", "--severity", "minor", *BY)
    assert (code, said) == (65, "it is closed: reopen it first")
    done = operator.run("ticket", "set", "DEMO-1", "--severity", "minor", *BY)
    assert done.stderr.splitlines()[1:] == ["gateway: reason REOPEN_FIRST"], "the name that programs go by"
