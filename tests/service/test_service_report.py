"""The service report out of the database, on both engines, and the command that prints it."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import insert, update

from gateway.db.calls import calls
from gateway.db.outbox import DeliveryState, deliveries
from gateway.db.receipts import Receipt, Verdict, add_receipt
from gateway.db.ticket_events import record_event
from gateway.db.tickets import tickets
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.judged_clocks import Verdict as Clock
from gateway.domain.period import Period
from gateway.domain.service_report import NAMED_ONLY, ServiceReport
from gateway.domain.ticket import Channel, Direction, EntryType, Severity, Status
from gateway.services.service_report import read_service_report
from gateway.services.ticket_clocks import find_project
from tests.support.agents import NINA, Desk
from tests.support.operator import Operator

MARIE = "marie@example.org"
OTHER_WORDS = "=HYPERLINK(1)"


def period(desk: Desk, *, days: int = 3) -> Period:
    today = desk.site.clock.now().date()
    # There is none for an unknown project; DEMO is there.
    zone = find_project(desk.site.runtime, "DEMO").calendar.zone_info  # type: ignore[union-attr]
    return Period(first=today - timedelta(days=days), last=today, zone=zone)


def report(desk: Desk, asked: Period | None = None) -> ServiceReport:
    project = find_project(desk.site.runtime, "DEMO")
    assert project is not None
    return read_service_report(desk.site.runtime, project, asked or period(desk))


def receipt(desk: Desk, number: int, verdict: Verdict = Verdict.FILED, **values: Any) -> None:
    now = desk.site.clock.now()
    plain: dict[str, Any] = {
        "spool_id": f"s{number}",
        "lane": "mail",
        "project": "DEMO",
        "fingerprint": f"f{number}",
        "message_id": None,
        "sha256": "0" * 64,
        "verdict": verdict,
        "reason": "reply",
        "ticket_id": None,
        "entry_id": None,
        "trace": [],
        "envelope": {},
        "accepted_at": now,
        "filed_at": now,
    }
    with desk.site.runtime.database.transaction() as connection:
        add_receipt(connection, Receipt(**{**plain, **values}))


def call(desk: Desk, number: int, outcome: str, **values: Any) -> None:
    row = {
        **{"provider": "simulator", "provider_id": str(number), "project": "DEMO", "caller_kind": "e164"},
        **{"called": "", "lang": "fr", "started_at": desk.site.clock.now(), "status": "completed"},
        **{"outcome": outcome, "trust": "none", "source": "webhook", "details": {}, "stopped_gti": False},
    }
    with desk.site.runtime.database.transaction() as connection:
        connection.execute(insert(calls), {**row, **values})


def test_tickets_are_counted_by_the_channel_that_began_them_and_kind(desk: Desk) -> None:
    marie = desk.site.person()
    desk.site.entry(desk.ticket, "Encore", channel=Channel.WEB)
    desk.site.entry(desk.site.ticket(marie), channel=Channel.PHONE, type=EntryType.CALL)
    desk.site.entry(desk.site.ticket(marie), direction=Direction.OUT, channel=Channel.WEB)
    desk.site.entry(desk.site.ticket(marie, project="OTHER"))
    desk.act(severity=Severity.MAJOR)
    found = report(desk)
    assert found.volumes == {("smtp", "corrective"): 1, ("phone", "assistance"): 1, ("", "assistance"): 1}
    assert (found.opened, found.by_kind()) == (3, {"assistance": 2, "corrective": 1})


def test_each_clock_is_judged_and_each_miss_explained(desk: Desk) -> None:
    desk.act(severity=Severity.BLOCKING)
    desk.site.clock.move(hours=2)
    desk.act(reply="Nous regardons.")
    desk.site.clock.move(hours=30)
    desk.act(status=Status.RESOLVED)
    desk.site.ticket(desk.site.person(), "Une question")  # promises nothing
    found = report(desk)
    assert {(one.guarantee, one.severity): dict(one.verdicts) for one in found.kept} == {
        ("GTI", "blocking"): {Clock.KEPT: 1},
        ("GTR", "blocking"): {Clock.MISSED: 1},
    }
    [miss] = found.misses
    assert (miss.ref, miss.late, miss.met) == (desk.ticket.ref, timedelta(hours=8), True)
    assert ("status", "resolved") in [(kind, value) for _, kind, value in miss.story]
    desk.site.clock.move(days=40)
    assert report(desk).kept == ()  # another period decided them


def test_a_period_before_a_ticket_knows_nothing_of_it(desk: Desk) -> None:
    desk.act(severity=Severity.BLOCKING)
    before = period(desk).first
    zone = period(desk).zone
    found = report(desk, Period(first=before - timedelta(days=9), last=before, zone=zone))
    assert (found.opened, found.kept, found.first_answers.unanswered, found.suppressed) == (0, (), 0, ())


def test_the_first_answer_by_a_person_is_what_counts(desk: Desk) -> None:
    desk.site.clock.move(hours=1)
    desk.act(note="vu")
    desk.site.clock.move(hours=1)
    desk.act(reply="Bonjour")
    desk.site.clock.move(hours=1)
    desk.act(reply="Encore")
    unanswered, twin = (desk.site.ticket(desk.site.person()) for _ in range(2))
    event = TicketEvent(type=EventType.ANSWERED, at=desk.site.clock.now(), by=By.GATEWAY)
    with desk.site.runtime.database.transaction() as connection:
        record_event(connection, unanswered.id, event)  # no person wrote this
        # The twin is answered on the ticket that took it over.
        connection.execute(update(tickets).where(tickets.c.id == twin.id).values(status=Status.MERGED))
    answers = report(desk).first_answers
    assert (answers.answered, answers.unanswered, answers.median) == (1, 1, timedelta(hours=2))


def test_reopenings_are_told_by_whose_act(desk: Desk) -> None:
    for status in (Status.OPEN, Status.RESOLVED, Status.OPEN, Status.PENDING, Status.RESOLVED, Status.CLOSED):
        desk.site.clock.move(minutes=1)
        desk.act(status=status)
    assert report(desk).reopenings == {"agent": 1}
    desk.site.clock.move(minutes=1)
    desk.act(MARIE, status=Status.OPEN)
    assert report(desk).reopenings == {"agent": 1, "reporter": 1}
    # One that was ended before the period is reopened in it all the same.
    desk.act(status=Status.RESOLVED)
    desk.site.clock.move(days=10)
    desk.act(status=Status.OPEN)
    assert report(desk).reopenings == {"agent": 1}


def test_calls_are_counted_by_outcome(desk: Desk) -> None:
    for number, outcome in enumerate(["answered", "missed", "answered"]):
        call(desk, number, outcome)
    call(desk, 8, "answered", project="OTHER")
    call(desk, 9, "answered", started_at=desk.site.clock.now() - timedelta(days=30))
    assert report(desk).calls == {"answered": 2, "missed": 1}


def test_replies_are_counted_by_the_rule_that_found_their_ticket(desk: Desk) -> None:
    for number, rule in enumerate(["our Message-ID", "signed reply address", "reference in the subject"]):
        entry_id = desk.site.entry(desk.ticket, match=rule)
        receipt(desk, number, entry_id=entry_id)
    said = [
        [{"rule": "reference in the subject", "outcome": "not believed", "evidence": ""}],
        [{"rule": "Message-ID on a ticket", "outcome": "match", "evidence": ""}],  # taken up by a ticket that follows
        [{"rule": "our Message-ID", "outcome": "no match", "evidence": ""}],  # a new request
    ]
    for number, trace in enumerate(said, start=10):
        receipt(desk, number, trace=trace, entry_id=desk.site.entry(desk.ticket), reason="new ticket")
    threading = report(desk).threading
    assert threading.by_rule == {
        **{"our Message-ID": 1, "signed reply address": 1, "reference in the subject": 1},
        **{NAMED_ONLY: 1, "Message-ID on a ticket": 1},
    }
    assert threading.share == 0.6


def test_what_was_suppressed_is_told_with_the_reason(desk: Desk) -> None:
    receipt(desk, 1, Verdict.IGNORED, reason="auto-reply: Auto-Submitted")
    receipt(desk, 2, Verdict.DISCARDED, reason=OTHER_WORDS)
    receipt(desk, 3, Verdict.IGNORED, reason="x", project="OTHER")
    receipt(desk, 4, Verdict.IGNORED, reason="x", lane="web")
    desk.site.entry(desk.ticket, data={"acknowledgement": "20 acknowledgements to this address today"})
    desk.site.entry(desk.ticket, data={"acknowledgement": "sent"})
    desk.site.entry(desk.ticket, data={"acknowledgement": "list: List-Id"}, match="our Message-ID")
    now = desk.site.clock.now()
    mail = {
        **{"notice": "reply", "project": "DEMO", "person_id": desk.ticket.reporter_id, "recipient": MARIE},
        **{"lang": "fr", "message_id": "1@x", "reference_ids": [], "context": {}, "attempts": 1},
        **{"state": DeliveryState.SUPPRESSED, "next_attempt_at": now, "created_at": now},
    }
    with desk.site.runtime.database.transaction() as connection:
        connection.execute(insert(deliveries), mail)
    assert [(one.what.value, one.why, one.count) for one in report(desk).suppressed] == [
        ("ignored", "auto-reply", 1),
        ("discarded", OTHER_WORDS, 1),
        ("not acknowledged", "20 acknowledgements to this address today", 1),
        ("not sent", "mail had come back from the address", 1),
    ]


def test_the_command_prints_rows_json_and_a_safe_table(desk: Desk, operator: Operator) -> None:
    desk.act(severity=Severity.BLOCKING)
    desk.site.clock.move(hours=2)
    desk.act(NINA, reply="Bonjour")
    receipt(desk, 2, Verdict.DISCARDED, reason=OTHER_WORDS)
    day = desk.site.clock.now().date()
    asked = ("report", "demo", "--from", f"{day - timedelta(days=1)}", "--to", f"{day}")
    rows = operator.rows(*asked)
    assert {
        "section": "GTI",
        "item": "blocking",
        "detail": "kept",
        "value": 1,
        "unit": "clocks",
        "explanation": "",
    } in rows
    assert {"section": "suppressed", "item": "discarded", "detail": OTHER_WORDS}.items() <= rows[-1].items()
    assert "first answer" in operator.says(*asked)
    table = list(csv.DictReader(StringIO(operator.says(*asked, "--csv"))))
    assert len(table) == len(rows)
    assert table[-1]["detail"] == f"'{OTHER_WORDS}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "code", "sentence"),
    [
        (("NONE", "--from", "2026-11-01", "--to", "2026-11-30"), 66, "there is no project NONE"),
        (("DEMO", "--from", "2026-11-31", "--to", "2026-11-30"), 65, "'2026-11-31' is no day (2026-11-01)"),
        (("DEMO", "--from", "2026-11-02", "--to", "2026-11-01"), 65, "the period ends before it begins"),
        (("DEMO", "--from", "2026-11-01", "--to", "2026-11-02", "--json", "--csv"), 65, "--json or --csv, not both"),
    ],
)
def test_what_cannot_be_reported_is_refused(
    operator: Operator, asked: tuple[str, ...], code: int, sentence: str
) -> None:
    assert operator.refused("report", *asked) == (code, sentence)
