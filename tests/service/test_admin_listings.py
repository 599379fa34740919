"""What the operator's listings print: fixed fields for programs, columns for people, on both databases."""

import json
from datetime import datetime, timedelta

import pytest

from gateway.admin.context import exit_code, print_rows
from gateway.db.engine import DatabaseTrouble
from gateway.errors import Conflict, Deferred, GatewayError, Misconfigured, NotFound, Refused
from tests.support.operator import Operator
from tests.support.outbox import file_and_acknowledge
from tests.support.web import Site

TICKET = {
    *("ref", "project", "subject", "kind", "severity", "status", "level", "reporter", "assignee"),
    *("created_at", "updated_at", "entries", "gti_due", "gti_state", "gtr_due", "gtr_state"),
}
ENTRY = {
    *("id", "at", "type", "direction", "author", "text", "removed_text", "attachments", "message_id"),
    *("in_reply_to", "references", "channel", "match", "visible"),
}
MOMENTS = ("created_at", "updated_at")


def test_a_ticket_has_the_fields_of_the_operators_interface(site: Site, operator: Operator) -> None:
    ticket = site.ticket(site.person(), "Écran noir")
    site.entry_with_file(ticket, name="écran.png", kind="image/png", content=b"12345", message_id="a@b")
    [row] = operator.rows("ticket", "list")
    assert set(row) >= TICKET
    assert (row["ref"], row["project"], row["subject"], row["reporter"]) == (
        "DEMO-1",
        "DEMO",
        "Écran noir",
        "marie@example.org",
    )
    assert (row["status"], row["level"], row["severity"], row["assignee"], row["entries"]) == (
        "new",
        "N1",
        None,
        None,
        1,
    )
    for name in MOMENTS:
        assert row[name].endswith("Z")
        assert datetime.fromisoformat(row[name]) == site.clock.now()

    [shown] = operator.rows("ticket", "show", "demo-1")
    assert {name: shown[name] for name in row} == row
    [entry] = shown["timeline"]
    assert set(entry) >= ENTRY
    assert (entry["type"], entry["direction"], entry["channel"], entry["visible"]) == ("message", "in", "smtp", True)
    assert (entry["message_id"], entry["references"], entry["match"]) == ("a@b", [], None)
    assert datetime.fromisoformat(entry["at"]).utcoffset() == timedelta()
    [file] = entry["attachments"]
    assert {name: file[name] for name in ("name", "type", "size")} == {
        "name": "écran.png",
        "type": "image/png",
        "size": 5,
    }
    assert len(file["sha256"]) == 64


def test_a_ticket_is_told_to_people_too(site: Site, operator: Operator) -> None:
    assert operator.says("ticket", "list") == "nothing\n"
    ticket = site.ticket(site.person(), "Écran noir " + "très " * 40)
    site.entry(ticket, "Bonjour,\nrien ne va plus.")
    [heads, line] = operator.says("ticket", "list").splitlines()
    assert heads.split()[0] == "ref"
    assert line.startswith("DEMO-1")
    assert line.endswith("...")
    told = operator.says("ticket", "show", "DEMO-1")
    assert told.startswith("DEMO-1  Écran noir")
    assert "in message by Marie\n  Bonjour,\n  rien ne va plus." in told


@pytest.mark.parametrize("ref", ["DEMO-2", "nonsense", "1; --"])
def test_a_ticket_that_is_not_there_is_not_found(site: Site, operator: Operator, ref: str) -> None:
    assert operator.refused("ticket", "show", ref) == (66, f"there is no ticket {ref}")


def test_the_outbox_says_of_each_mail_where_it_stands(site: Site, operator: Operator) -> None:
    file_and_acknowledge(site.runtime)
    [row] = operator.rows("outbox")
    assert set(row) >= {"id", "notice", "recipient", "state", "attempts", "next_attempt_at", "sent_at", "last_error"}
    assert (row["notice"], row["recipient"], row["state"], row["attempts"], row["sent_at"]) == (
        "acknowledgement",
        "marie@example.org",
        "queued",
        0,
        None,
    )
    assert "marie@example.org" in operator.says("outbox")


def test_each_row_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"text": "two\nlines\u2028é", "number": 1}, {"text": None, "number": 2}]
    print_rows(rows, as_json=True)
    lines = capsys.readouterr().out.removesuffix("\n").split("\n")
    assert [json.loads(line) for line in lines] == rows


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("x"), 65),
        (Conflict("x"), 65),
        (NotFound("x"), 66),
        (GatewayError("x"), 70),
        (Deferred("x"), 75),
        (DatabaseTrouble("x"), 75),
        (Misconfigured(["x"]), 78),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: GatewayError, code: int) -> None:
    assert exit_code(error) == code
