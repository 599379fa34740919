"""Who did what is written down with the act itself, and read by whom it concerns; nothing of it is changed later."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.db.audit import AuditFilter, AuditScope, audit, list_audit
from gateway.db.people import add_membership, get_or_create_person
from gateway.domain.audit import AuditAction, Origin
from gateway.domain.ticket import Role
from gateway.runtime import Runtime
from gateway.services.audit import LONGEST_WORD, record_audit
from gateway.services.retention import apply_retention
from tests.support.clock import MovableClock
from tests.support.operator import Operator

ROOT = Path(__file__).parents[2]


def note(runtime: Runtime, action: AuditAction = AuditAction.ROLE_GIVEN, **values: object) -> None:
    given = {"actor_id": None, "subject": None, "detail": {}, "at": runtime.clock.now()} | values
    with runtime.database.transaction() as connection:
        record_audit(connection, action=action, **given)  # type: ignore[arg-type]  # any of its arguments


def person(runtime: Runtime, email: str, project: str) -> int:
    with runtime.database.transaction() as connection:
        found = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
        add_membership(connection, person_id=found.id, project=project, role=Role.N2)
    return found.id


def subjects(runtime: Runtime, scope: AuditScope | None, **asked: object) -> list[str]:
    with runtime.database.reading() as connection:
        rows = list_audit(connection, AuditFilter(**asked), scope, limit=50)  # type: ignore[arg-type]  # any of its fields
    return [row.subject for row in rows]


def test_an_act_that_is_not_done_is_not_written_down(runtime: Runtime) -> None:
    def act() -> None:
        with runtime.database.transaction() as connection:
            record_audit(
                connection, at=runtime.clock.now(), actor_id=None, action=AuditAction.ROLE_GIVEN, subject="x", detail={}
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert subjects(runtime, None) == []


def test_the_shell_is_named_with_its_user_and_a_long_word_is_cut(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "camille")
    note(runtime, subject="s" * 900, detail={"reason": "r" * 900, "nothing": None, "days": 3})
    note(runtime, action=AuditAction.SIGN_IN_FAILED, origin=Origin.STRANGER)
    with runtime.database.reading() as connection:
        shell, stranger = connection.execute(select(audit).order_by(audit.c.id)).all()
    assert (shell.origin, shell.detail) == ("shell", {"reason": "r" * LONGEST_WORD, "days": 3, "user": "camille"})
    assert (len(shell.subject), stranger.origin, stranger.detail) == (254, "stranger", {})


def test_a_supervisor_reads_what_concerns_their_projects_and_people_alone(runtime: Runtime) -> None:
    ana, bob = person(runtime, "ana@x.example", "DEMO"), person(runtime, "bob@x.example", "OTHER")
    note(runtime, subject="of demo", project="DEMO")
    note(runtime, subject="of other", project="OTHER")
    note(runtime, subject="ana acts at large", actor_id=ana)
    note(runtime, subject="ana acts on other", actor_id=ana, project="OTHER")
    note(runtime, subject="of bob", person_id=bob)
    note(runtime, subject="of the machine")
    demo = AuditScope(projects=frozenset({"DEMO"}))
    assert subjects(runtime, demo) == ["ana acts at large", "of demo"]
    named = AuditScope(projects=frozenset({"DEMO"}), emails=frozenset({"bob@x.example"}))
    assert subjects(runtime, named) == ["of bob", "ana acts at large", "of demo"]
    assert len(subjects(runtime, None)) == 6


def test_it_is_asked_by_person_act_and_time(runtime: Runtime, clock: MovableClock) -> None:
    ana = person(runtime, "ana@x.example", "DEMO")
    note(runtime, subject="early", actor_id=ana)
    clock.move(days=1)
    note(runtime, subject="late", person_id=ana, action=AuditAction.TOKEN_MADE)
    note(runtime, subject="others")
    assert subjects(runtime, None, who="ana@x.example") == ["late", "early"]
    assert subjects(runtime, None, action=AuditAction.TOKEN_MADE) == ["late"]
    assert subjects(runtime, None, until=clock.now()) == ["early"]
    assert subjects(runtime, None, since=clock.now(), who="nobody@x.example") == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_shell_reads_what_it_did(runtime: Runtime, operator: Operator) -> None:
    operator.says("person", "add", "ana@x.example", "--role", "n2", "--project", "demo")
    operator.says("login-link", "ana@x.example")
    operator.says("token", "add", "ana@x.example", "--scope", "report")
    rows = operator.rows("audit", "list", "--who", "Ana@x.example")
    assert [(row["action"], row["origin"], row["subject"]) for row in rows][::-1] == [
        (action, "shell", "ana@x.example") for action in ("person added", "role given", "link made", "token made")
    ]
    assert operator.rows("audit", "list", "--action", "role given")[0]["detail"]["role"] == "n2"
    assert operator.rows("audit", "list", "--until", "2000-01-01") == []
    assert len(operator.rows("audit", "list", "--limit", "1")) == 1
    assert operator.refused("audit", "list", "--since", "x") == (65, "'x' is no day (2026-11-01)")
    assert "by" in operator.says("audit", "list")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_ends_when_its_time_is_over(runtime: Runtime, clock: MovableClock) -> None:
    note(runtime, subject="old")
    clock.move(days=runtime.settings.retention.audit_days)
    note(runtime, subject="young")
    apply_retention(runtime)
    assert subjects(runtime, None) == ["young", "old"]
    clock.move(seconds=timedelta(seconds=1).total_seconds())
    assert apply_retention(runtime)["audit log"] == 1
    assert subjects(runtime, None) == ["young"]


def test_nothing_but_retention_takes_a_row_away_and_nothing_changes_one() -> None:
    changing = re.compile(r"(update|delete)\(\s*audit\b|audit\.(update|delete)\(")
    found = {
        str(path.relative_to(ROOT))
        for folder in ("gateway", "inbound", "telephony", "web")
        for path in (ROOT / folder).rglob("*.py")
        if changing.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"gateway/services/retention.py"}
