"""Call events become one row, one entry, one callback request and one act on a clock, in whatever order they come."""

import json
import random
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.db.callbacks import callback_requests
from gateway.db.calls import CallKey, call_events, call_messages, calls
from gateway.db.hotline import hotline_code_of
from gateway.db.people import get_or_create_person, update_person
from gateway.db.ticket_events import history_of
from gateway.db.tickets import Ticket, create_ticket, entries, find_ticket, tickets
from gateway.domain.call import CallEvent, Outcome
from gateway.domain.events import EventType
from gateway.domain.ticket import Kind, Language, Severity, Status
from gateway.jobs.drain import drain_lane
from gateway.runtime import Runtime
from gateway.services.log_call import log_call
from gateway.spool.entry import Lane
from tests.support.call_events import ANSWERED, BEGAN, ELIGIBLE, MISSED, WITH_MESSAGE, final, step
from tests.support.call_rows import effects, forget_effects, rows
from tests.support.call_rows import log as log_as

CALL = CallKey(provider="twilio", provider_id="CA" + "0" * 32)


def log(runtime: Runtime, events: Sequence[CallEvent], key: CallKey = CALL) -> None:
    log_as(runtime, events, key)


@pytest.fixture
def ticket(runtime: Runtime) -> Ticket:
    """An open, blocking incident, DEMO-1, and two agents with the numbers that the events name."""
    with runtime.database.transaction() as connection:
        for number in range(1, 9):
            person = get_or_create_person(connection, email=f"p{number}@demo.example", name="", now=BEGAN)
            update_person(connection, person.id, name=f"Agent {number}", lang=None, phone=f"+3361234560{number}")
        made = create_ticket(
            connection,
            project="DEMO",
            subject="Imprimante",
            lang=Language.FR,
            reporter_id=1,
            now=BEGAN - timedelta(days=1),
        )
        values = {"severity": Severity.BLOCKING, "kind": Kind.CORRECTIVE}
        connection.execute(update(tickets).where(tickets.c.id == made.id).values(**values))
    return made


@pytest.mark.parametrize("events", [ANSWERED, WITH_MESSAGE, MISSED], ids=["answered", "message", "missed"])
def test_any_order_leaves_the_same_behind(runtime: Runtime, ticket: Ticket, events: Sequence[CallEvent]) -> None:
    orders = [list(events), list(reversed(events))]
    chance = random.Random(5)
    orders += [chance.sample([*events, *events], 2 * len(events)) for _ in range(4)]
    seen = []
    for order in orders:
        log(runtime, order)
        seen.append(effects(runtime))
        forget_effects(runtime)
    for later in seen[1:]:
        assert later == seen[0]
    assert len(seen[0]["calls"]) == len(seen[0]["entries"]) == 1


def test_an_answered_call_is_on_the_timeline_and_stops_the_gti(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, ANSWERED)
    (row,) = rows(runtime, calls)
    assert (row["outcome"], row["agent_id"], row["talk_seconds"], row["stopped_gti"]) == ("answered", 8, 180, True)
    (entry,) = rows(runtime, entries)
    assert (entry["type"], entry["channel"], entry["direction"], entry["visible"]) == ("call", "phone", "in", False)
    assert entry["author"] == "+33 … 78"
    assert "Appel pris" in entry["text"]
    assert "Agent 7 - n'a pas répondu (15 s)" in entry["text"]
    assert "Agent 8 - a pris l'appel (180 s)" in entry["text"]
    assert "+33612345678" not in entry["text"]
    with runtime.database.reading() as connection:
        answered = [one for one in history_of(connection, ticket) if one.type is EventType.CALL_ANSWERED]
    assert [(one.author, one.at) for one in answered] == [("p8@demo.example", BEGAN + timedelta(seconds=40))]
    assert rows(runtime, callback_requests) == []


def test_the_entry_follows_the_call_in_its_place(runtime: Runtime, ticket: Ticket) -> None:
    texts = []
    for one in ANSWERED:
        log(runtime, [one])
        texts += [entry["text"].splitlines()[0] for entry in rows(runtime, entries)]
    assert texts[0] == "Appel en cours (+33 … 78)"
    assert texts[-1] == "Appel pris (+33 … 78)"
    assert len(rows(runtime, entries)) == 1


def test_a_missed_call_asks_for_a_call_back_in_working_time(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, MISSED)
    (request,) = rows(runtime, callback_requests)
    assert (request["state"], request["number"]) == ("open", "+33612345678")
    assert request["due_at"] == BEGAN + timedelta(seconds=50, minutes=30)
    assert "À rappeler avant le 24/11/2026 à 10:30" in rows(runtime, entries)[0]["text"]


def test_out_of_hours_the_call_back_is_due_after_the_next_opening(runtime: Runtime, ticket: Ticket) -> None:
    night = timedelta(hours=12)
    late = [CallEvent(key=one.key, kind=one.kind, at=one.at + night, turn=one.turn, data=one.data) for one in MISSED]
    log(runtime, late)
    (request,) = rows(runtime, callback_requests)
    assert request["due_at"].isoformat() == "2026-11-25T08:30:00+00:00"


def test_calls_about_one_ticket_within_half_an_hour_ask_once(runtime: Runtime, ticket: Ticket) -> None:
    for number, minutes in enumerate((0, 29, 61)):
        key = CallKey(provider="twilio", provider_id=f"CA{number}")
        moved = [
            CallEvent(
                key=f"{number}{one.key[1:]}",
                kind=one.kind,
                at=one.at + timedelta(minutes=minutes),
                turn=one.turn,
                data=one.data,
            )
            for one in MISSED
        ]
        log(runtime, moved, key)
    assert len(rows(runtime, callback_requests)) == 2
    assert len(rows(runtime, entries)) == 3


def test_a_request_that_turns_out_not_to_be_needed_is_taken_back(runtime: Runtime, ticket: Ticket) -> None:
    """The end of the call was heard of before the conversation."""
    log(runtime, [*ELIGIBLE, final(240)])
    assert len(rows(runtime, callback_requests)) == 1
    log(runtime, ANSWERED)
    assert rows(runtime, callback_requests) == []


def test_a_message_is_to_be_fetched_once(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, WITH_MESSAGE)
    (message,) = rows(runtime, call_messages)
    assert (message["recording_id"], message["state"], message["seconds"]) == ("RE1", "wanted", 20)
    assert rows(runtime, calls)[0]["outcome"] == "message"


def test_a_message_without_a_ticket_waits_for_a_person(runtime: Runtime, ticket: Ticket) -> None:
    left = {"name": "message.left", "recording": "RE1", "seconds": 20}
    log(runtime, [step(0, {"name": "call.received", "project": "DEMO"}, left, kind="voice"), final(60)])
    (row,) = rows(runtime, calls)
    assert (row["triage"], row["ticket_id"], row["outcome"]) == ("open", None, "message")
    assert rows(runtime, entries) == rows(runtime, callback_requests) == []


def test_a_code_that_nobody_could_check_finds_its_ticket_afterwards(runtime: Runtime, ticket: Ticket) -> None:
    with runtime.database.transaction() as connection:
        code = hotline_code_of(connection, ticket.id, now=BEGAN)
    log(runtime, [step(0, {"name": "ticket.unverified", "code": code}, kind="voice"), final(60)])
    (row,) = rows(runtime, calls)
    assert (row["ticket_id"], row["trust"], row["outcome"]) == (ticket.id, "unverified", "missed")
    assert "non vérifié" in rows(runtime, entries)[0]["text"]


def test_an_abandoned_call_leaves_a_row_and_no_ghost_on_any_ticket(runtime: Runtime, ticket: Ticket) -> None:
    log(runtime, [ELIGIBLE[0], final(5)])
    assert [row["outcome"] for row in rows(runtime, calls)] == ["abandoned"]
    assert rows(runtime, entries) == rows(runtime, callback_requests) == []


def test_a_late_call_does_not_make_its_ticket_look_older(runtime: Runtime, ticket: Ticket) -> None:
    now = BEGAN + timedelta(days=2)
    with runtime.database.transaction() as connection:
        connection.execute(update(tickets).values(updated_at=now))
    log(runtime, MISSED)
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ticket_id=ticket.id)
    assert found is not None
    assert found.updated_at == now


def test_a_merged_ticket_is_called_about_on_the_one_that_survived(runtime: Runtime, ticket: Ticket) -> None:
    with runtime.database.transaction() as connection:
        other = create_ticket(
            connection, project="DEMO", subject="b", lang=Language.EN, reporter_id=1, now=BEGAN - timedelta(days=1)
        )
        merged = {"status": Status.MERGED, "merged_into_id": other.id}
        connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(**merged))
    log(runtime, MISSED)
    (entry,) = rows(runtime, entries)
    assert entry["ticket_id"] == other.id
    assert entry["text"].startswith("Missed call")


def test_workers_at_once_write_one_entry(runtime: Runtime, ticket: Ticket) -> None:
    barrier = threading.Barrier(4)

    def work(events: Sequence[CallEvent]) -> None:
        barrier.wait(10)
        log(runtime, events)

    threads = [threading.Thread(target=work, args=(ANSWERED[start::2],)) for start in (0, 1, 0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [row["outcome"] for row in rows(runtime, calls)] == [Outcome.ANSWERED]
    assert len(rows(runtime, entries)) == 1
    assert len(rows(runtime, call_events)) == len(ANSWERED)


def test_the_call_lane_is_filed_and_nonsense_is_put_aside(runtime: Runtime, ticket: Ticket) -> None:
    for one in MISSED:
        document = {"kind": one.kind, "key": one.key, "turn": one.turn, "at": one.at.isoformat(), **one.data}
        payload = {**document, "provider": "twilio", "call": CALL.provider_id}
        runtime.spool.accept(Lane.CALL, {}, json.dumps(payload).encode())
    for bad in (
        b"",
        b"[]",
        b"{}",
        b'{"at": "2026-01-01T00:00:00", "provider": "a", "call": "b", "key": "c", "kind": "d"}',
    ):
        runtime.spool.accept(Lane.CALL, {}, bad)
    drain_lane(Lane.CALL, log_call, runtime, deadline=float("inf"))
    assert len(runtime.spool.quarantine.list(Lane.CALL)) == 4
    assert [row["outcome"] for row in rows(runtime, calls)] == ["missed"]
