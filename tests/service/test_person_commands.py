"""The operator looks after people and their roles from the shell."""

import json

import pytest

from gateway.runtime import Runtime
from tests.support.operator import Operator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ANA, MARIE = "ana@support.example", "marie@client.example"
TEAMS = json.dumps(
    {"demo": {"name": "Demo", "addresses": ["support@demo.example"], "teams": {"n2": [ANA, "luc@support.example"]}}}
)


@pytest.fixture
def people(runtime: Runtime, operator: Operator) -> Operator:
    """Ana of N2 and Marie, a reporter."""
    operator.says("person", "add", ANA, "--role", "n2", "--project", "demo", "--name", "Ana")
    operator.says("person", "add", ANA, "--role", "supervisor", "--project", "demo")
    operator.says("person", "add", MARIE, "--project", "DEMO")
    return operator


def test_people_are_listed_with_their_roles(people: Operator) -> None:
    assert [(row["email"], row["roles"]) for row in people.rows("person", "list")] == [
        (ANA, {"DEMO": ["n2", "supervisor"]}),
        (MARIE, {"DEMO": ["reporter"]}),
    ]
    assert [row["email"] for row in people.rows("person", "list", "--role", "n2", "--project", "demo")] == [ANA]
    assert "DEMO: n2, supervisor" in people.says("person", "list")


def test_whoever_is_added_can_be_read_by_a_program(people: Operator) -> None:
    [row] = people.rows("person", "add", "luc@client.example", "--role", "n1")
    assert row == {"email": "luc@client.example", "role": "n1", "project": "DEMO"}


@pytest.mark.parametrize("role", ["reporter", "n1"])
def test_with_several_projects_it_is_said_in_which_a_person_is_added(people: Operator, role: str) -> None:
    words = ("person", "add", "luc@client.example", "--role", role)
    several = json.dumps({key: {"name": key, "addresses": [f"{key}@x.example"]} for key in ("demo", "shop")})
    assert people.refused(*words, GATEWAY_PROJECTS=several) == (65, "--project is needed: one of DEMO, SHOP")
    assert people.run(*words, "--project", "shop", GATEWAY_PROJECTS=several).stdout.endswith(f"{role} in SHOP\n")


def test_the_teams_of_the_configuration_are_listed_too(people: Operator) -> None:
    listed = people.run("person", "list", "--role", "n2", "--json", GATEWAY_PROJECTS=TEAMS)
    assert [json.loads(line)["email"] for line in listed.stdout.splitlines()] == [ANA, "luc@support.example"]


def test_a_person_is_changed_and_shown(people: Operator) -> None:
    words = ("--name", "Marie Curie", "--lang", "en", "--phone", "+33612345678", "--notices", "digest")
    [row] = people.rows("person", "set", MARIE, *words)
    [shown] = people.rows("person", "show", " Marie@CLIENT.example")
    assert row == shown
    assert (row["name"], row["lang"], row["phone"], row["notices"]) == ("Marie Curie", "en", "+33612345678", "digest")
    said = people.says("person", "set", MARIE, "--phone", "")
    assert said == f"{MARIE}: DEMO: reporter (Marie Curie, en)\n"


def test_roles_are_taken_away_and_the_person_stays(people: Operator) -> None:
    [row] = people.rows("person", "remove", ANA, "--project", "DEMO", "--role", "supervisor")
    assert row["roles"] == {"DEMO": ["n2"]}
    [row] = people.rows("person", "remove", ANA, "--project", "demo")
    assert (row["name"], row["roles"]) == ("Ana", {})
    assert [one["email"] for one in people.rows("person", "list")] == [MARIE]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("show", "x@y.example"), 66, "nobody is known by x@y.example: `gateway person add` first"),
        (("set", "x@y.example", "--lang", "fr"), 66, "nobody is known by x@y.example: `gateway person add` first"),
        (("set", MARIE), 65, "nothing would change"),
        (("set", MARIE, "--phone", "06"), 65, "'06' is not a number in international form (+33612345678)"),
        (("remove", MARIE, "--project", "demo", "--role", "n1"), 66, f"{MARIE} has no such role in DEMO"),
        (("remove", MARIE, "--project", "shop"), 65, "there is no project shop: one of DEMO"),
        (("list", "--project", "shop"), 65, "there is no project shop: one of DEMO"),
    ],
)
def test_a_refusal_is_an_exit_code_and_one_clear_sentence(
    people: Operator, words: tuple[str, ...], code: int, sentence: str
) -> None:
    assert people.refused("person", *words) == (code, sentence)


def test_a_role_by_the_configuration_is_not_taken_away_here(people: Operator) -> None:
    code, said = people.refused("person", "remove", ANA, "--project", "demo", GATEWAY_PROJECTS=TEAMS)
    assert (code, said) == (65, f"{ANA} is n2 in DEMO by the configuration: change it there")
