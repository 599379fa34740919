"""The operator opens an advisory and leads it through its steps from the shell."""

import json

import pytest

from gateway.runtime import Runtime
from tests.support.desk import ANA, NINA, staff
from tests.support.operator import Operator

OPEN = ("advisory", "open", "CVE-2026-1", "--title", "Fuite", "--touches", "libfoo", "--project", "demo")
BY = ("--as", ANA)


@pytest.fixture
def people(runtime: Runtime) -> Runtime:
    """Somebody at each level."""
    staff(runtime)
    return runtime


def test_the_way_of_an_advisory_is_shown_for_every_project(people: Runtime, operator: Operator) -> None:
    operator.says("person", "add", "dsi@client.example", "--project", "DEMO")
    assert operator.says(*OPEN, *BY) == "CVE-2026-1: DEMO-1, told: dsi@client.example\n"
    assert operator.says(*OPEN, *BY) == "CVE-2026-1: DEMO-1, open already\n"
    said = operator.says("advisory", "step", "demo-1", "present", "--finding", "vu en 3.1", *BY)
    assert said == "DEMO-1: present; to be patched\n"
    row = json.loads(operator.says("advisory", "step", "DEMO-1", "patched", *BY, "--json"))
    assert (row["ref"], row["stage"]) == ("DEMO-1", "delivery")
    [shown] = operator.rows("advisory", "show", "cve-2026-1")
    assert (shown["touches"], shown["danger"], shown["closed"]) == ("libfoo", "security", 0)
    [project] = shown["projects"]
    assert [(one["step"], one["by"], one["words"]) for one in project["steps"]] == [
        ("present", ANA, "vu en 3.1"),
        ("patched", ANA, ""),
    ]
    operator.says("advisory", "step", "DEMO-1", "delivered", *BY)
    [listed] = operator.rows("advisory", "list")
    assert (listed["projects"], listed["closed"]) == (1, 1)
    lines = operator.says("advisory", "show", "CVE-2026-1").splitlines()
    assert "DEMO  DEMO-1: closed" in lines
    assert any(line.endswith(f"present by {ANA}: vu en 3.1") for line in lines)


def test_a_project_without_contacts_is_said(people: Runtime, operator: Operator) -> None:
    assert operator.says(*OPEN, *BY) == "CVE-2026-1: DEMO-1, told: nobody: the project has no contacts\n"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("show", "CVE-1"), 66, "there is no advisory CVE-1"),
        (
            ("step", "DEMO-1", "patched", *BY),
            65,
            "patched comes later or not at all: next is absent, present",
        ),
        (("step", "DEMO-1", "present", *BY), 65, "say what was found"),
        (("step", "DEMO-9", "present", *BY), 66, "there is no ticket DEMO-9"),
        (
            ("step", "DEMO-1", "absent", "--finding", "x", "--as", NINA),
            65,
            "only N2 and supervisors take the steps of an advisory",
        ),
        ((*OPEN[1:], "--as", "nobody"), 65, "'nobody' is not a mail address"),
    ],
)
def test_a_refusal_is_an_exit_code_and_one_clear_sentence(
    people: Runtime, operator: Operator, words: tuple[str, ...], code: int, sentence: str
) -> None:
    operator.says(*OPEN, *BY)
    assert operator.refused("advisory", *words) == (code, sentence)
