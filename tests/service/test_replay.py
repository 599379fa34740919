"""The archive decided by today's rules gives what was decided; where a rule has changed, just that comes out."""

import json
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import select

from gateway.db.outbox import list_deliveries
from gateway.db.tickets import message_ids
from gateway.domain.change import Change
from gateway.domain.ticket import Status
from gateway.notify.deliver import deliver_due
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from inbound import replaying
from inbound.replaying import Replayed, replay_archive
from tests.support.clock import MovableClock
from tests.support.operator import Operator
from tests.support.planted import BOB, MARIE, NINA, accept, act, drain, write, write_mails
from tests.support.rows import content


def replayed(runtime: Runtime) -> list[Replayed]:
    return replay_archive(runtime, since=runtime.clock.now() - timedelta(days=90))


def say(runtime: Runtime, clock: MovableClock, ident: str, *, by: str = MARIE, hold: str = "", **fields: str) -> None:
    clock.move(minutes=1)
    subject = fields.pop("subject", "Question")
    accept(runtime, write(by=by, subject=subject, text="x", ident=ident, **fields), mail_from=by, hold=hold)
    drain(runtime)


@pytest.fixture
def past(runtime: Runtime, clock: MovableClock) -> Runtime:
    """A reply by our own id, one to a closed ticket, a duplicate, a robot, a held mail, two mails under one id."""
    write_mails(runtime)
    act(runtime)
    say(runtime, clock, "q-1@c.example")
    say(runtime, clock, "q-1@c.example")
    with runtime.database.reading() as connection:
        query = select(message_ids.c.message_id).where(message_ids.c.ours, message_ids.c.ticket_id == 3)
        ours = connection.scalars(query).first()
    say(runtime, clock, "q-2@c.example", In_Reply_To=f"<{ours}>")
    change_ticket(runtime, ref="DEMO-3", change=Change(status=Status.RESOLVED, reply="ok"), by=NINA)
    say(runtime, clock, "q-3@c.example", In_Reply_To=f"<{ours}>")
    say(runtime, clock, "r-1@c.example", Auto_Submitted="auto-replied", subject="Absence")
    say(runtime, clock, "h-1@c.example", hold="junk")
    deliver_due(runtime, deadline=monotonic() + 30)
    return runtime


def test_the_same_input_leads_to_the_same_decision(past: Runtime) -> None:
    found = replayed(past)
    assert len(found) == 10
    assert [one for one in found if one.differs] == []
    assert {one.then.verdict for one in found} == {"filed", "held", "duplicate", "ignored"}
    assert [one.now.ticket for one in found if one.now] == [
        *("new", "DEMO-1", "new", None, "new", None, "DEMO-3", "DEMO-3", None, None)
    ]


def test_replaying_changes_nothing_and_sends_nothing(past: Runtime) -> None:
    with past.database.reading() as connection:
        before = content(connection)
        mails = len(list_deliveries(connection))
    replayed(past)
    with past.database.reading() as connection:
        assert content(connection) == before
        assert len(list_deliveries(connection)) == mails


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_rule_that_has_changed_shows_in_what_it_decides(
    past: Runtime, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = operator.run("replay", "--dry-run", "--since", "9999d", "--json", GATEWAY_MAIL__DENY=f'["{BOB}"]')
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1
    assert [(row["verdict_then"], row["ticket_then"], row["verdict_now"]) for row in rows] == [
        ("filed", "DEMO-1", "ignored"),
        ("filed", "new", "ignored"),
    ]
    assert operator.run("replay", "--dry-run", "--since", "9999d").exit_code == 0
    assert operator.refused("replay")[0] == 65
    assert operator.refused("replay", "--dry-run", "--since", "soon")[0] == 65


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_not_kept_any_more_is_counted_and_not_judged(past: Runtime) -> None:
    for path in past.where.archive.rglob("?" * 64):
        path.unlink()
    found = replayed(past)
    assert {one.now for one in found} == {None}
    assert not any(one.differs for one in found)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_folder_of_mails_is_held_against_what_is_expected_of_it(
    operator: Operator, runtime: Runtime, tmp_path: Path
) -> None:
    (tmp_path / "1.eml").write_bytes(write(by=MARIE, subject="Panne", text="x", ident="a@c.example"))
    answer = {"In_Reply_To": "<a@c.example>"}
    (tmp_path / "2.eml").write_bytes(write(by=MARIE, subject="Re: Panne", text="y", ident="b@c.example", **answer))
    robot = {"Auto_Submitted": "auto-replied"}
    (tmp_path / "3.eml").write_bytes(write(by=BOB, subject="Absent", text="z", ident="c@c.example", **robot))
    expect(tmp_path, {"file": "1.eml", "ticket": "new"}, {"file": "2.eml", "ticket": "1.eml", "verdict": "filed"})
    rows = operator.rows("replay", str(tmp_path))
    assert [(row["verdict"], row["ticket"], row["differs"]) for row in rows] == [
        ("filed", "new", []),
        ("filed", "1.eml", []),
        ("ignored", None, []),
    ]
    expect(tmp_path, {"file": "3.eml", "verdict": "filed"})
    done = operator.run("replay", str(tmp_path), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout.splitlines()[2])["expected"] == {"verdict": "filed"}
    with runtime.database.reading() as connection:
        assert content(connection)["tickets"] == []


def expect(folder: Path, *rows: dict[str, Any]) -> None:
    (folder / "expected.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_dns_is_never_asked(monkeypatch: pytest.MonkeyPatch, past: Runtime) -> None:
    unasked = replaying._unasked(past.settings)
    assert (unasked.mail.check_authentication, unasked.antivirus.socket, unasked.antivirus.host) == (False, None, None)
