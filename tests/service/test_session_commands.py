"""The operator sees who is signed in, ends it, and gives and takes back passwords."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.runtime import Runtime
from gateway.services.sign_in import consume_link, find_visitor
from tests.support.operator import Operator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MARIE, ANA = "marie@client.example", "ana@support.example"


@pytest.fixture
def shell(runtime: Runtime, operator: Operator) -> Operator:
    for email in (MARIE, ANA):
        operator.says("person", "add", email, "--project", "DEMO")
    return operator


def signed_in(shell: Operator, runtime: Runtime, email: str) -> str:
    link = shell.says("login-link", email).strip()
    began = consume_link(runtime, link.rpartition("/")[2], peer="192.0.2.1", device="Firefox, Linux")
    assert began is not None
    return began.token


def test_sessions_are_listed_without_what_lets_anybody_in(shell: Operator, runtime: Runtime) -> None:
    token = signed_in(shell, runtime, MARIE)
    signed_in(shell, runtime, ANA)
    (row,) = shell.rows("session", "list", " Marie@CLIENT.example")
    assert (row["email"], row["way"], row["device"]) == (MARIE, "operator", "Firefox, Linux")
    assert token not in str(row)
    assert {one["email"] for one in shell.rows("session", "list")} == {MARIE, ANA}


def test_a_session_and_all_of_a_person_are_ended(shell: Operator, runtime: Runtime) -> None:
    tokens = [signed_in(shell, runtime, MARIE) for _ in range(3)]
    last = shell.rows("session", "list", MARIE)[0]["id"]
    assert shell.says("session", "revoke", str(last)) == f"session {last}: revoked\n"
    assert len(shell.rows("session", "list")) == 2
    assert shell.refused("session", "revoke", str(last)) == (66, "there is no such session, or it has ended")
    assert shell.says("session", "revoke", "--person", MARIE) == f"{MARIE}: 2 session(s) revoked\n"
    assert [find_visitor(runtime, token) for token in tokens] == [None] * 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("session", "revoke"), 65),
        (("session", "revoke", "1", "--person", MARIE), 65),
        (("session", "revoke", "--person", "nobody@client.example"), 66),
        (("session", "list", "nobody@client.example"), 66),
        (("person", "password", "nobody@client.example", "--reset"), 66),
        (("person", "password", ANA, "--reset"), 66),
        (("person", "password", "nobody@client.example", "--code"), 66),
        (("person", "password", ANA, "--code", "--reset"), 65),
    ],
)
def test_what_is_not_there_or_makes_no_sense_is_refused(shell: Operator, words: tuple[str, ...], code: int) -> None:
    assert shell.refused(*words)[0] == code


def test_a_password_is_given_with_what_an_app_reads_and_taken_back(shell: Operator, runtime: Runtime) -> None:
    token = signed_in(shell, runtime, ANA)
    uri, *codes = shell.says("person", "password", ANA, stdin=b"quatre mots sans rapport\n").splitlines()
    assert parse_qs(urlsplit(uri).query)["issuer"] == ["Support"]
    assert len(codes) == 10
    assert find_visitor(runtime, token) is None, "whoever was signed in is not any more"
    assert "set up already" in shell.refused("person", "password", ANA, "--code")[1]
    assert "taken back" in shell.says("person", "password", ANA, "--reset")
    assert re.fullmatch(r"[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}\n", shell.says("person", "password", ANA, "--code"))
    code, why = shell.refused("person", "password", ANA, stdin=b"court\n")
    assert (code, why) == (65, "this password is not taken: it has fewer than 12 characters")
