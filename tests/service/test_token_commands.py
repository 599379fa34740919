"""The operator makes, lists and revokes tokens for the API."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from gateway.db.api_tokens import api_tokens
from gateway.db.engine import DatabaseTrouble
from gateway.runtime import Runtime
from gateway.services.api_tokens import LONGEST_DAYS, Scope, find_bearer, make_token, revoke_token
from tests.support.clock import MovableClock
from tests.support.operator import Operator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MARIE = "marie@client.example"


@pytest.fixture
def shell(runtime: Runtime, operator: Operator) -> Operator:
    operator.says("person", "add", MARIE, "--project", "DEMO")
    return operator


def test_a_token_is_shown_once_and_kept_as_a_sum(shell: Operator, runtime: Runtime) -> None:
    token = shell.says("token", "add", " Marie@CLIENT.example", "--scope", "tickets:read", "--scope", "report").strip()
    found = find_bearer(runtime, token)
    assert found is not None
    assert (found.person.email, found.scopes) == (MARIE, {Scope.TICKETS_READ, Scope.REPORT})
    with runtime.database.reading() as connection:
        row = connection.execute(select(api_tokens)).one()
    secret = token.rpartition("_")[2]
    assert secret not in str(row)
    [listed] = shell.rows("token", "list")
    assert (listed["email"], listed["scopes"]) == (MARIE, "tickets:read report")
    assert "token_sha256" not in listed


def test_a_revoked_token_opens_nothing(shell: Operator, runtime: Runtime) -> None:
    [made] = shell.rows("token", "add", MARIE, "--scope", "report")
    shell.says("token", "revoke", str(made["id"]))
    assert find_bearer(runtime, made["token"]) is None
    assert shell.rows("token", "list")[0]["revoked_at"] is not None


@pytest.mark.parametrize(
    "words",
    [
        ("add", "nobody@client.example", "--scope", "report"),
        ("add", MARIE, "--scope", "report", "--days", "0"),
        ("add", MARIE, "--scope", "report", "--days", str(LONGEST_DAYS + 1)),
        ("add", MARIE, "--scope", "everything"),
        ("add", MARIE),
        ("revoke", "7"),
    ],
)
def test_what_makes_no_sense_is_refused(shell: Operator, words: tuple[str, ...]) -> None:
    answer = shell.run("token", *words)
    assert answer.exit_code != 0
    assert "Traceback" not in answer.stderr


def test_a_token_ends_by_itself(shell: Operator, runtime: Runtime, clock: MovableClock) -> None:
    made = make_token(runtime, email=MARIE, scopes={Scope.REPORT}, days=2)
    clock.move(seconds=timedelta(days=2).total_seconds() - 1)
    assert find_bearer(runtime, made.token) is not None
    clock.move(seconds=1)
    assert find_bearer(runtime, made.token) is None


def test_only_the_whole_token_opens(shell: Operator, runtime: Runtime) -> None:
    one, other = (make_token(runtime, email=MARIE, scopes={Scope.REPORT}) for _ in range(2))
    revoke_token(runtime, other.id)
    secret = one.token.rpartition("_")[2]
    altered = ("A" if secret[0] != "A" else "B") + secret[1:]
    for token in (
        f"sgw_{one.id}_{altered}",
        f"sgw_{other.id}_{secret}",
        f"sgw_99_{secret}",
        secret,
        "",
        one.token + "A",
    ):
        assert find_bearer(runtime, token) is None, token


def test_a_database_that_takes_no_writes_keeps_no_program_from_reading(shell: Operator, runtime: Runtime) -> None:
    token = make_token(runtime, email=MARIE, scopes={Scope.REPORT}).token

    def refuse(_connection: Connection) -> None:
        raise DatabaseTrouble("the database takes no writes")

    with runtime.database.fenced(refuse):
        assert find_bearer(runtime, token) is not None
