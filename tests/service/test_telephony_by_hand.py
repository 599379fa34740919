"""What agents do about calls by the command line: write one down, link or discard, call back, and the roster."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from gateway.admin import context
from gateway.admin.cli import cli
from gateway.config.load import Settings
from gateway.db.calls import CallKey
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.db.ticket_events import history_of
from gateway.db.tickets import Ticket, create_ticket, list_entries, tickets
from gateway.domain.events import EventType
from gateway.domain.ticket import Kind, Language, Level, Role, Severity
from gateway.hotline_snapshot import read_snapshot, snapshot_path
from gateway.runtime import Runtime
from gateway.services.log_call import log_event
from tests.support.call_events import BEGAN, MISSED, final, step

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CALL = CallKey(provider="twilio", provider_id="CA" + "0" * 32)
ANA = ("--as", "ana@demo.example")


@pytest.fixture
def ticket(runtime: Runtime, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ticket:
    """DEMO-1, a blocking incident before N2; Ana is of N2 and has a number, Marie is neither."""
    monkeypatch.setattr(context, "load_settings", lambda: settings)
    now = BEGAN - timedelta(days=1)
    with runtime.database.transaction() as connection:
        marie = get_or_create_person(connection, email="marie@client.example", name="", now=now)
        ana = get_or_create_person(connection, email="ana@demo.example", name="Ana", now=now)
        update_person(connection, ana.id, name=None, lang=None, phone="+33612345601")
        add_membership(connection, person_id=ana.id, project="DEMO", role=Role.N2)
        made = create_ticket(connection, project="DEMO", subject="a", lang=Language.EN, reporter_id=marie.id, now=now)
        values = {"severity": Severity.BLOCKING, "kind": Kind.CORRECTIVE, "level": Level.N2}
        connection.execute(update(tickets).where(tickets.c.id == made.id).values(**values))
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def rows(*arguments: str) -> list[dict[str, Any]]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]


def test_a_call_written_down_stands_on_the_ticket_and_stops_the_gti(runtime: Runtime, ticket: Ticket) -> None:
    at = "2026-06-01T10:00:00+02:00"
    done = run(
        "call",
        "log",
        "--ticket",
        "demo-1",
        *ANA,
        "--from",
        "+33612345678",
        "--seconds",
        "90",
        "--at",
        at,
        "--note",
        "Restarted",
    )
    assert done.exit_code == 0, done.output
    with runtime.database.reading() as connection:
        (entry,) = list_entries(connection, ticket.id)
        history = history_of(connection, ticket)
    assert entry.text == "Call answered (+33 … 78)\nAna - took it (90 s)\nTalked for 90 s\nRestarted"
    assert [event.author for event in history if event.type is EventType.CALL_ANSWERED] == ["ana@demo.example"]
    (row,) = rows("call", "list")
    assert (row["source"], row["outcome"], row["total_seconds"], row["ticket"]) == ("manual", "answered", 90, "DEMO-1")
    assert (row["started_at"], row["ended_at"]) == ("2026-06-01T08:00:00Z", "2026-06-01T08:01:30Z")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--ticket", "DEMO-9", *ANA, "--seconds", "9"), 66),
        (("--ticket", "DEMO-1", "--as", "marie@client.example", "--seconds", "9"), 65),
        (("--ticket", "DEMO-1", *ANA, "--seconds", "9", "--at", "2099-01-01T00:00:00Z"), 65),
        (("--ticket", "DEMO-1", *ANA, "--seconds", "9", "--at", "2026-01-01T00:00:00"), 65),
        (("--ticket", "DEMO-1", *ANA, "--seconds", "9", "--at", "noon"), 65),
        (("--ticket", "DEMO-1", *ANA, "--seconds", "9", "--from", "0612345678"), 65),
    ],
    ids=["no such ticket", "not an agent", "not over", "no zone", "no time", "no international number"],
)
def test_a_call_that_cannot_have_been_is_refused(ticket: Ticket, arguments: tuple[str, ...], code: int) -> None:
    assert run("call", "log", *arguments).exit_code == code
    assert rows("call", "list") == []


@pytest.fixture
def waiting(runtime: Runtime, ticket: Ticket) -> None:
    """A message of which nobody knows the ticket."""
    left = {"name": "message.left", "recording": "RE1", "seconds": 20}
    for event in (step(0, {"name": "call.received", "project": "DEMO"}, left, kind="voice"), final(60)):
        log_event(runtime, CALL, event)


@pytest.mark.usefixtures("waiting")
def test_a_message_is_linked_once_and_stands_on_the_ticket_from_then_on(runtime: Runtime, ticket: Ticket) -> None:
    (row,) = rows("call", "list", "--waiting")
    assert run("call", "link", str(row["id"]), "DEMO-1", "--as", "marie@client.example").exit_code == 65
    assert run("call", "link", str(row["id"]), "DEMO-1", *ANA).exit_code == 0
    assert rows("call", "list", "--waiting") == []
    with runtime.database.reading() as connection:
        assert [entry.text.splitlines()[0] for entry in list_entries(connection, ticket.id)] == [
            "Voice message left (+33 … 78)"
        ]
    assert [request["ticket"] for request in rows("callback", "list")] == ["DEMO-1"]
    assert run("call", "link", CALL.provider_id, "DEMO-1", *ANA).exit_code == 65
    log_event(runtime, CALL, final(61))
    assert rows("call", "list")[0]["ticket"] == "DEMO-1"


@pytest.mark.usefixtures("waiting")
def test_a_message_is_discarded_with_a_reason(ticket: Ticket) -> None:
    assert run("call", "discard", CALL.provider_id, "--reason", " ", *ANA).exit_code == 65
    assert run("call", "discard", CALL.provider_id, "--reason", "wrong number", *ANA).exit_code == 0
    assert rows("call", "list")[0]["triage_reason"] == "ana@demo.example: wrong number"
    assert run("call", "link", CALL.provider_id, "DEMO-1", *ANA).exit_code == 65


def test_a_call_is_shown_step_by_step_and_its_number_only_there(runtime: Runtime, ticket: Ticket) -> None:
    for event in MISSED:
        log_event(runtime, CALL, event)
    assert "+33612345678" not in run("call", "list").output
    shown = run("call", "show", CALL.provider_id).output
    assert "missed  +33612345678  DEMO-1" in shown
    assert "ticket.matched  (ticket DEMO-1)" in shown
    assert rows("call", "show", CALL.provider_id)[0]["agents"][0]["outcome"] == "no-answer"
    assert run("call", "show", "CA1").exit_code == 66


def test_a_call_back_is_claimed_tried_and_done_and_then_closed(runtime: Runtime, ticket: Ticket) -> None:
    for event in MISSED:
        log_event(runtime, CALL, event)
    (request,) = rows("callback", "list")
    assert (request["state"], request["ticket"]) == ("open", "DEMO-1")
    for state in ("claimed", "attempted", "done"):
        assert run("callback", "set", str(request["id"]), state, *ANA).exit_code == 0
    assert [(row["state"], row["attempts"]) for row in rows("callback", "list")] == [("done", 2)]
    assert run("callback", "set", str(request["id"]), "claimed", *ANA).exit_code == 65
    assert run("callback", "set", "99", "claimed", *ANA).exit_code == 66


def test_the_roster_is_set_by_day_and_the_hotline_knows_it_at_once(runtime: Runtime, ticket: Ticket) -> None:
    assert (
        run("duty", "set", "--day", "monday", "--hours", "9:00-12:30, 13:30-17:30", "ana@demo.example").exit_code == 0
    )
    assert run("duty", "set", "--day", "2026-12-24", "ana@demo.example").exit_code == 0
    assert [(row["when"], row["hours"], row["agent"]) for row in rows("duty", "show")] == [
        ("monday", "9:00-12:30", "ana@demo.example"),
        ("monday", "13:30-17:30", "ana@demo.example"),
        ("2026-12-24", "9:00-17:30", "ana@demo.example"),
    ]
    snapshot = read_snapshot(snapshot_path(Path(runtime.where.data)))
    assert snapshot is not None
    assert len(snapshot.shifts["DEMO"]) == 3
    assert run("duty", "set", "--day", "monday").exit_code == 0
    assert [row["when"] for row in rows("duty", "show")] == ["2026-12-24"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--day", "someday", "ana@demo.example"), 65),
        (("--day", "monday", "--hours", "9-17", "ana@demo.example"), 65),
        (("--day", "monday", "nobody@demo.example"), 66),
        (("--day", "monday", "marie@client.example"), 65),
        (("--day", "monday", "--project", "NONE"), 65),
    ],
    ids=["no day", "no hours", "unknown", "without a number", "no project"],
)
def test_a_roster_that_cannot_be_is_refused(ticket: Ticket, arguments: tuple[str, ...], code: int) -> None:
    assert run("duty", "set", *arguments).exit_code == code
    assert rows("duty", "show") == []


@pytest.fixture
def two_on_duty(runtime: Runtime, ticket: Ticket) -> None:
    """Ana on Thursdays and Ben on Saturdays, both with a number."""
    with runtime.database.transaction() as connection:
        ben = get_or_create_person(connection, email="ben@demo.example", name="Ben", now=BEGAN)
        update_person(connection, ben.id, name=None, lang=None, phone="+33612345602")
    assert run("duty", "set", "--day", "thursday", "ana@demo.example").exit_code == 0
    assert run("duty", "set", "--day", "saturday", "--hours", "9:00-12:00", "ben@demo.example").exit_code == 0


def turns() -> list[tuple[str, str]]:
    return [(row["when"], row["agent"]) for row in rows("duty", "show")]


@pytest.mark.usefixtures("two_on_duty")
def test_two_turns_are_swapped_for_their_days_and_the_week_stays() -> None:
    done = run("duty", "swap", "--day", "2026-12-24", "--for", "2026-12-26", "ana@demo.example", "ben@demo.example")
    assert done.exit_code == 0, done.output
    assert turns() == [
        ("thursday", "ana@demo.example"),
        ("saturday", "ben@demo.example"),
        ("2026-12-24", "ben@demo.example"),
        ("2026-12-26", "ana@demo.example"),
    ]


@pytest.mark.usefixtures("two_on_duty")
def test_two_of_one_day_change_places_and_one_who_is_off_takes_over() -> None:
    assert run("duty", "set", "--day", "friday", "ana@demo.example", "ben@demo.example").exit_code == 0
    assert run("duty", "swap", "--day", "2026-12-25", "ana@demo.example", "ben@demo.example").exit_code == 0
    assert run("duty", "swap", "--day", "2026-12-24", "ana@demo.example", "ben@demo.example").exit_code == 0
    assert [turn for turn in turns() if turn[0].startswith("2026")] == [
        ("2026-12-24", "ben@demo.example"),
        ("2026-12-25", "ben@demo.example"),
        ("2026-12-25", "ana@demo.example"),
    ]


@pytest.mark.usefixtures("two_on_duty")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--day", "2026-12-25", "ana@demo.example", "ben@demo.example"), 65),
        (("--day", "2026-12-24", "--for", "2026-12-25", "ana@demo.example", "ben@demo.example"), 65),
        (("--day", "thursday", "ana@demo.example", "ben@demo.example"), 65),
        (("--day", "2026-12-24", "ana@demo.example", "marie@client.example"), 65),
        (("--day", "2026-12-24", "ana@demo.example", "nobody@demo.example"), 66),
    ],
    ids=["no turn", "no turn of the other's", "no date", "no number", "unknown"],
)
def test_a_swap_that_cannot_be_changes_nothing(arguments: tuple[str, ...], code: int) -> None:
    before = turns()
    assert run("duty", "swap", *arguments).exit_code == code
    assert turns() == before
