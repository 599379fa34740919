"""The operator's commands for people, for the database, and for a look at everything."""

import json
import re
import stat
from pathlib import Path

import pytest

from gateway.config.load import Settings
from gateway.db.engine import sqlite_url
from gateway.db.migrate import head_revision, revisions
from gateway.db.people import find_person
from gateway.runtime import Runtime
from gateway.services.sign_in import consume_link
from tests.support.operator import Operator
from tests.support.relay import ScriptedRelay
from tests.support.servers import free_port

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PROJECTS = json.dumps({key: {"name": key, "addresses": [f"{key}@demo.example"]} for key in ("one", "two")})


def test_a_person_is_added_once_and_changed_where_something_is_given(operator: Operator, runtime: Runtime) -> None:
    words = ["--name", "Marie", "--lang", "en", "--phone", "+33612345678"]
    assert (
        operator.says("person", "add", "Marie@Évry.example", *words) == "marie@xn--vry-9la.example: reporter in DEMO\n"
    )
    more = ["--role", "n2", "--lang", "fr", "--notices", "digest"]
    operator.says("person", "add", "marie@xn--vry-9la.example", *more)
    with runtime.database.reading() as connection:
        person = find_person(connection, email="marie@xn--vry-9la.example")
    assert person is not None
    assert (person.name, person.lang, person.phone, person.notices) == ("Marie", "fr", "+33612345678", "digest")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["marie"], "'marie' is not a mail address"),
        (["m@a.example", "--phone", "0612345678"], "'0612345678' is not a number in international form (+33612345678)"),
        (["m@a.example", "--project", "three"], "there is no project three: one of ONE, TWO"),
        (["m@a.example", "--role", "n1"], "--project is needed: one of ONE, TWO"),
    ],
)
def test_a_person_who_cannot_be_is_refused(operator: Operator, arguments: list[str], sentence: str) -> None:
    code, told = operator.refused("person", "add", *arguments, GATEWAY_PROJECTS=PROJECTS)
    assert code == 65
    assert told.endswith(sentence)


def test_a_login_link_is_for_who_is_known_and_works_once(operator: Operator, runtime: Runtime) -> None:
    assert operator.refused("login-link", "marie@example.org") == (66, "there is no person with this address")
    operator.says("person", "add", "marie@example.org")
    url = operator.says("login-link", " Marie@EXAMPLE.org")
    token = re.fullmatch(r"http://127\.0\.0\.1:8000/login/(\S+)\n", url)
    assert token is not None
    assert consume_link(runtime, token[1], peer="192.0.2.1") is not None
    assert consume_link(runtime, token[1], peer="192.0.2.1") is None


def test_a_database_that_is_behind_is_named_by_every_command_and_check_and_mended_by_migrate(
    operator: Operator, tmp_path: Path
) -> None:
    behind = {"GATEWAY_DATABASE_URL": sqlite_url(tmp_path / "new.db")}
    needs = f"the database is at revision none, this code needs {head_revision()}: run `gateway migrate`"
    assert operator.refused("ticket", "list", **behind) == (78, needs)
    assert operator.refused("check", **behind) == (78, "the database is at revision None: run `gateway migrate`")
    assert operator.run("migrate", **behind).stdout == f"database: empty -> {revisions()[-1]}\n"
    assert operator.run("migrate", **behind).stdout == f"database: {head_revision()} -> {head_revision()}\n"
    assert operator.run("ticket", "list", **behind).exit_code == 0


def test_check_says_that_all_is_well_and_changes_nothing(
    operator: Operator, runtime: Runtime, settings: Settings
) -> None:
    before = sorted(settings.data.rglob("*"))
    assert operator.says("check") == f"all is well: 1 project(s), data in {settings.data}\n"
    assert sorted(settings.data.rglob("*")) == before


def test_check_names_everything_that_is_wrong_at_once(operator: Operator, tmp_path: Path) -> None:
    away = {
        "GATEWAY_DATABASE_URL": f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none",
        "GATEWAY_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "GATEWAY_RELAY__HOST": "127.0.0.1",
        "GATEWAY_RELAY__PORT": str(free_port()),
        "GATEWAY_SMTP__TLS_CERT": str(tmp_path / "absent.pem"),
        "GATEWAY_SMTP__TLS_KEY": str(tmp_path / "absent.key"),
    }
    code, told = operator.refused("check", **away)
    assert code == 78
    faults = [fault.removeprefix("gateway: ") for fault in told.splitlines()]
    for begin, end in (
        ("database_url: ", ""),
        ("redis_url: ", ""),
        ("relay: 127", ""),
        ("smtp: ", ".pem cannot be read"),
    ):
        assert [fault for fault in faults if fault.startswith(begin) and fault.endswith(end)], begin
    assert len(faults) == 5


def test_check_does_not_take_a_relay_without_starttls(operator: Operator) -> None:
    with ScriptedRelay() as relay:
        variables = {"GATEWAY_RELAY__HOST": "127.0.0.1", "GATEWAY_RELAY__PORT": str(relay.port)}
        code, told = operator.refused("check", **variables)
        assert (code, told) == (78, "relay: offers no STARTTLS, and we never send without it; see relay.security")
        assert operator.run("check", GATEWAY_RELAY__SECURITY="plain", **variables).exit_code == 0


def test_where_the_database_is_away_a_command_says_so_and_may_be_tried_again(operator: Operator) -> None:
    away = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none"
    assert operator.refused("ticket", "list", GATEWAY_DATABASE_URL=away) == (75, "the database is not available")


def test_secrets_that_a_command_makes_are_readable_by_us_alone(operator: Operator, settings: Settings) -> None:
    operator.says("quarantine", "list")
    [key] = (settings.data / "secrets").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data.stat().st_mode) == 0o700


def test_the_version_is_told_and_an_unknown_command_refused(operator: Operator) -> None:
    assert re.fullmatch(r"gateway, version \d+\.\d+\.\d+\n", operator.says("--version"))
    assert operator.run("nonsense").exit_code == 2
