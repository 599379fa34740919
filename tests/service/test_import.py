"""What is imported stands as it was, once, and old threads go on; nobody is told of any of it."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.db.outbox import list_deliveries
from gateway.runtime import Runtime
from gateway.services.follow_up_tickets import follow_up_tickets
from gateway.services.run_clocks import run_clocks
from gateway.services.tell_agents import tell_agents
from tests.support.clock import MovableClock
from tests.support.importing import OURS, take, tickets, timeline
from tests.support.operator import Operator
from tests.support.planted import BOB, MARIE, NINA, accept, drain, write

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AT = "2024-03-05T10:00:00Z"

ZAMMAD = [
    {
        "id": 7,
        "number": "60007",
        "title": "Export impossible",
        "state": "closed",
        "created_at": AT,
        "close_at": "2024-03-09T10:00:00Z",
        "customer": MARIE,
        "articles": [
            {
                "id": 70,
                "sender": "Customer",
                "from": f"Marie <{MARIE}>",
                "to": OURS,
                "content_type": "text/html",
                "body": "<p>L'export <b>échoue</b></p>",
                "message_id": "<z-70@client.example>",
                "internal": False,
                "created_at": AT,
            },
            {
                "id": 71,
                "sender": "Agent",
                "from": "Nina <nina@support.example>",
                "body": "note",
                "content_type": "text/plain",
                "internal": True,
                "created_at": "2024-03-06T10:00:00Z",
            },
        ],
    },
    {"id": 8, "number": "60008", "title": "Cassé", "state": "open", "created_at": "hier", "customer": MARIE},
    {
        "id": 9,
        "number": "60009",
        "title": "Question",
        "state": "open",
        "created_at": AT,
        "customer": BOB,
        "articles": [
            {"id": 90, "sender": "Customer", "from": BOB, "body": "Bonjour", "message_id": "<z-90@b>", "created_at": AT}
        ],
    },
]
OSTICKET = {
    "tickets": [
        {
            "id": 3,
            "number": "123456",
            "subject": "Imprimante",
            "created": "2024-03-05 10:00:00",
            "closed": "2024-03-07 10:00:00",
            "status": "Closed",
            "user": {"name": "Marie", "email": MARIE},
            "thread": [
                {"id": 1, "type": "M", "poster": "Marie", "created": "2024-03-05 10:00:00", "body": "Elle fume"},
                {
                    "id": 2,
                    "type": "R",
                    "poster": "Nina",
                    "email": "nina@support.example",
                    "created": "2024-03-06 10:00:00",
                    "body": "<p>Éteignez</p>",
                    "mid": "<os-2@support.example>",
                },
                {"id": 3, "type": "N", "email": "nina@support.example", "created": "2024-03-06 11:00:00", "body": "!"},
            ],
        }
    ]
}
FREESCOUT = {
    "_embedded": {
        "conversations": [
            {
                "id": 5,
                "number": 11,
                "subject": "Accès",
                "status": "active",
                "createdAt": AT,
                "customer": {"email": MARIE, "firstName": "Marie", "lastName": "Martin"},
                "_embedded": {
                    "threads": [
                        {
                            "id": 51,
                            "type": "customer",
                            "body": "Bonjour",
                            "createdAt": AT,
                            "customer": {"email": MARIE},
                        },
                        {"id": 52, "type": "lineitem", "createdAt": AT},
                        {
                            "id": 53,
                            "type": "message",
                            "body": "Voilà",
                            "createdAt": "2024-03-06T10:00:00Z",
                            "createdBy": {"email": "nina@support.example"},
                            "messageId": "fs-53@support.example",
                        },
                    ]
                },
            }
        ]
    }
}


def export(tmp_path: Path, content: Any) -> str:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_tickets_of_zammad_stand_as_they_were_and_faults_are_named(
    operator: Operator, runtime: Runtime, tmp_path: Path
) -> None:
    code, said, faults = take(operator, "zammad", export(tmp_path, ZAMMAD))
    assert (code, faults) == (1, "not taken: ticket 60008: 'hier' is not a date\n")
    assert said == "2 tickets and 3 messages imported, 0 messages known, 1 not taken\n"
    closed, still_open = tickets(runtime)
    assert (closed.subject, closed.reporter, closed.status) == ("Export impossible", MARIE, "closed")
    assert closed.created_at == datetime(2024, 3, 5, 10, tzinfo=UTC)
    assert closed.closed_at == datetime(2024, 3, 9, 10, tzinfo=UTC)
    assert (still_open.status, still_open.closed_at) == ("new", None)
    first, note = timeline(runtime, closed)
    assert (first.text, first.author, first.message_id, first.visible) == (
        "L'export échoue", MARIE, "z-70@client.example", True
    )  # fmt: skip
    assert (note.type, note.visible, note.at) == ("note", False, datetime(2024, 3, 6, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("kind", "content", "types"),
    [
        ("osticket", OSTICKET, [("message", "in"), ("message", "out"), ("note", "internal")]),
        ("freescout", FREESCOUT, [("message", "in"), ("message", "out")]),
    ],
)
def test_tickets_of_other_desks_do_too(
    operator: Operator, runtime: Runtime, tmp_path: Path, kind: str, content: Any, types: list[tuple[str, str]]
) -> None:
    assert take(operator, kind, export(tmp_path, content))[0] == 0
    (ticket,) = tickets(runtime)
    assert ticket.reporter == MARIE
    assert [(entry.type, entry.direction) for entry in timeline(runtime, ticket)] == types
    assert timeline(runtime, ticket)[1].message_id is not None


def test_a_csv_has_a_row_for_each_message(operator: Operator, runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    rows = [
        {"ticket_id": "1", "ticket_title": "Panne", "ticket_state": "open", "ticket_customer": MARIE,
         "ticket_created_at": AT, "id": "10", "sender": "Customer", "from": MARIE, "body": "a", "created_at": AT},
        {"ticket_id": "1", "ticket_title": "Panne", "ticket_state": "open", "ticket_customer": MARIE,
         "ticket_created_at": AT, "id": "11", "sender": "Agent", "from": "n@s.example", "body": "b", "created_at": AT},
    ]  # fmt: skip
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    assert take(operator, "zammad", str(path))[0] == 0
    (ticket,) = tickets(runtime)
    assert [entry.text for entry in timeline(runtime, ticket)] == ["a", "b"]


def test_the_list_of_tickets_of_osticket_makes_tickets_without_messages(
    operator: Operator, runtime: Runtime, tmp_path: Path
) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text(
        "Ticket Number,Date Created,Subject,From,From Email,Current Status\n"
        f"1234,2024-03-05 10:00:00,Panne,Marie,{MARIE},Open\n"
    )
    assert take(operator, "osticket", str(path))[0] == 0
    assert [(ticket.subject, ticket.reporter) for ticket in tickets(runtime)] == [("Panne", MARIE)]


def test_twice_is_once_and_a_grown_export_brings_what_is_new(
    operator: Operator, runtime: Runtime, tmp_path: Path
) -> None:
    one = [{**ZAMMAD[2]}]
    take(operator, "zammad", export(tmp_path, one))
    assert take(operator, "zammad", export(tmp_path, one))[1].startswith("0 tickets and 0 messages imported, 1 mess")
    more = {"id": 91, "sender": "Customer", "from": BOB, "body": "Encore", "created_at": "2024-03-06T10:00:00Z"}
    one[0]["articles"] = [*ZAMMAD[2]["articles"], more]
    assert take(operator, "zammad", export(tmp_path, one))[1].startswith("0 tickets and 1 messages imported, 1 mess")
    (ticket,) = tickets(runtime)
    assert [entry.text for entry in timeline(runtime, ticket)] == ["Bonjour", "Encore"]


def test_a_reply_to_an_imported_mail_lands_on_its_ticket(operator: Operator, runtime: Runtime, tmp_path: Path) -> None:
    take(operator, "zammad", export(tmp_path, ZAMMAD))
    accept(
        runtime,
        write(by=BOB, subject="Re: Question", text="Alors ?", ident="n@b", In_Reply_To="<z-90@b>"),
        mail_from=BOB,
    )
    drain(runtime)
    assert len(tickets(runtime)) == 2
    assert [entry.text for entry in timeline(runtime, tickets(runtime)[1])] == ["Bonjour", "Alors ?"]


def test_nobody_is_told_of_anything_imported(
    operator: Operator, runtime: Runtime, clock: MovableClock, tmp_path: Path
) -> None:
    operator.says("person", "add", NINA, "--role", "n1", "--project", "DEMO")
    operator.says("person", "add", "chief@support.example", "--role", "supervisor", "--project", "DEMO")
    take(operator, "zammad", export(tmp_path, ZAMMAD))
    take(operator, "osticket", export(tmp_path, OSTICKET))
    for _ in range(3):
        clock.move(days=10)
        run_clocks(runtime)
        follow_up_tickets(runtime)
        tell_agents(runtime)
    with runtime.database.reading() as connection:
        assert list_deliveries(connection) == []


def test_a_dry_run_says_what_would_come_and_changes_nothing(
    operator: Operator, runtime: Runtime, tmp_path: Path
) -> None:
    code, said, _ = take(operator, "zammad", export(tmp_path, ZAMMAD), "--dry-run")
    assert (code, said) == (1, "2 tickets and 3 messages would be imported, 0 messages known, 1 not taken\n")
    assert tickets(runtime) == []


@pytest.mark.parametrize(("kind", "content"), [("zammad", b"no export"), ("zammad", b"[1, 2"), ("maildir", b"")])
def test_what_is_no_export_is_refused(
    operator: Operator, runtime: Runtime, tmp_path: Path, kind: str, content: bytes
) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert operator.refused("import", kind, str(path), "--project", "DEMO")[0] == 65
    assert operator.refused("import", kind, str(path), "--project", "NONE")[0] == 65
