"""The agents' queue: what is due first, by whom it is seen, and by what it is narrowed. The same on both databases."""

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from gateway.db.callbacks import callback_requests
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.presence import NOTED_FOR, SEEN_FOR, is_noted, leave, note_look, others_at
from gateway.db.queue import QueueFilter, QueueItem, list_queue
from gateway.db.scope import Scope
from gateway.domain.change import Change
from gateway.domain.ticket import Kind, Level, Role, Severity, Status
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from gateway.services.run_clocks import run_clocks
from tests.support.clock import MovableClock
from tests.support.outbox import file_and_acknowledge

NINA, ANA = "nina@client.example", "ana@support.example"
DEMO = Scope(projects=frozenset({"DEMO"}))


@pytest.fixture
def desk(runtime: Runtime, clock: MovableClock) -> Runtime:
    """DEMO-1, a request; DEMO-2 a minor, DEMO-3 a blocking incident; each an hour after the one before."""
    with runtime.database.transaction() as connection:
        for email, role in ((NINA, Role.N1), (ANA, Role.N2)):
            person = get_or_create_person(connection, email=email, name="", now=clock.now())
            add_membership(connection, person_id=person.id, project="DEMO", role=role)
    for number, severity in enumerate((None, Severity.MINOR, Severity.BLOCKING), start=1):
        file_and_acknowledge(runtime, message_id=f"{number}@client.example", subject=f"Panne {number}")
        if severity:
            act(runtime, number, severity=severity)
        clock.move(hours=1)
    run_clocks(runtime)
    return runtime


def act(runtime: Runtime, number: int, *, by: str = NINA, **change: Any) -> None:
    change_ticket(runtime, ref=f"DEMO-{number}", change=Change(**change), by=by)


def items(runtime: Runtime, scope: Scope = DEMO, **wanted: Any) -> list[QueueItem]:
    with runtime.database.reading() as connection:
        return list_queue(connection, scope, QueueFilter(**wanted), limit=50)


def refs(runtime: Runtime, scope: Scope = DEMO, **wanted: Any) -> list[str]:
    return [item.ref for item in items(runtime, scope, **wanted)]


def test_what_is_due_first_comes_first_and_what_nothing_is_promised_for_last(desk: Runtime) -> None:
    assert refs(desk) == ["DEMO-3", "DEMO-2", "DEMO-1"]
    assert [item.due_at is None for item in items(desk)] == [False, False, True]


def test_a_ticket_is_due_by_its_running_clock_that_comes_first(desk: Runtime, clock: MovableClock) -> None:
    begun = items(desk)[0].created_at
    assert items(desk)[0].due_at == begun + timedelta(hours=12), "to be taken in hand"
    act(desk, 3, reply="Nous regardons.")
    run_clocks(desk)
    assert items(desk)[0].due_at == begun + timedelta(hours=24), "to be restored"
    act(desk, 3, status=Status.PENDING)
    run_clocks(desk)
    assert refs(desk) == ["DEMO-2", "DEMO-1", "DEMO-3"], "it waits for its reporter, and so do its clocks"
    clock.move(hours=50)
    act(desk, 2, note="x")
    assert items(desk)[0].due_at is not None, "a time that is over is due all the same"


def test_what_is_resolved_leaves_the_queue(desk: Runtime) -> None:
    act(desk, 3, status=Status.RESOLVED)
    assert refs(desk) == ["DEMO-2", "DEMO-1"]


def test_the_queue_is_narrowed_by_each_filter(desk: Runtime, clock: MovableClock) -> None:
    act(desk, 1, assignee=NINA)
    act(desk, 2, level=Level.N2)
    act(desk, 1, status=Status.PENDING)
    with desk.database.transaction() as connection:
        nina = get_or_create_person(connection, email=NINA, name="", now=clock.now()).id
        values = {"project": "DEMO", "requested_at": clock.now(), "due_at": clock.now(), "attempts": 0}
        connection.execute(insert(callback_requests).values(**values, ticket_id=2, state="claimed"))
        connection.execute(insert(callback_requests).values(**values, ticket_id=3, state="done"))
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"assignee_id": nina}, ["DEMO-1"]),
        ({"is_unassigned": True}, ["DEMO-3", "DEMO-2"]),
        ({"project": "DEMO"}, ["DEMO-3", "DEMO-2", "DEMO-1"]),
        ({"project": "OTHER"}, []),
        ({"severity": Severity.BLOCKING}, ["DEMO-3"]),
        ({"kind": Kind.ASSISTANCE}, ["DEMO-1"]),
        ({"is_waiting": True}, ["DEMO-1"]),
        ({"is_to_call": True}, ["DEMO-2"]),
        ({"level": Level.N2}, ["DEMO-2"]),
        ({"teams": {"DEMO": frozenset({Level.N1})}}, ["DEMO-3", "DEMO-1"]),
        ({"teams": {}}, []),
        ({"overdue_at": clock.now()}, []),
        ({"overdue_at": clock.now() + timedelta(hours=12)}, ["DEMO-3"]),
        ({"severity": Severity.MINOR, "is_unassigned": True}, ["DEMO-2"]),
    ]
    for wanted, expected in cases:
        assert refs(desk, **wanted) == expected, wanted


def test_nobody_sees_more_of_the_queue_than_of_the_tickets(desk: Runtime) -> None:
    act(desk, 3, level=Level.N2)
    act(desk, 3, by=ANA, level=Level.N1, reason="à vous")
    act(desk, 2, level=Level.N2)
    n2 = Scope(levels={"DEMO": frozenset({Level.N2})})
    assert refs(desk, n2) == ["DEMO-3", "DEMO-2"], "what is before N2, and what was"
    assert refs(desk, Scope(levels={"DEMO": frozenset({Level.N3})})) == []
    assert refs(desk, Scope(projects=frozenset({"OTHER"}))) == []
    assert refs(desk, Scope()) == []


def test_pages_follow_each_other(desk: Runtime) -> None:
    with desk.database.reading() as connection:
        pages = [list_queue(connection, DEMO, QueueFilter(), limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [[item.ref for item in page] for page in pages] == [["DEMO-3", "DEMO-2"], ["DEMO-1"], []]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL takes too long to write them
def test_a_page_of_the_queue_takes_under_100_ms_with_100_000_tickets(desk: Runtime, clock: MovableClock) -> None:
    with desk.database.transaction() as connection:
        connection.exec_driver_sql(
            "WITH RECURSIVE one(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM one WHERE n < 100100)"
            " INSERT INTO tickets (id, ref, project, subject, kind, status, level, lang, reporter_id, created_at,"
            " updated_at, due_at) SELECT n, 'DEMO-' || n, project, subject, kind, CASE n % 3 WHEN 0 THEN 'closed' ELSE"
            " status END, level, lang, reporter_id, created_at, updated_at, CASE n % 3 WHEN 1 THEN created_at ELSE"
            " due_at END FROM one, tickets WHERE ref = 'DEMO-1'"
        )
    cases: list[dict[str, Any]] = [
        {},
        {"is_unassigned": True},
        {"overdue_at": clock.now() + timedelta(days=1)},
        {"level": Level.N1},
    ]
    for wanted in cases:
        took = []
        for _ in range(3):
            begun = time.perf_counter()
            assert len(items(desk, **wanted)) == 50
            took.append(time.perf_counter() - begun)
        assert min(took) < 0.1, wanted


def test_two_agents_on_a_ticket_see_each_other_until_they_leave(desk: Runtime, clock: MovableClock) -> None:
    def look(email: str, ticket_id: int = 1) -> list[str]:
        with desk.database.transaction() as connection:
            person = get_or_create_person(connection, email=email, name="", now=clock.now())
            if not is_noted(connection, ticket_id, person_id=person.id, now=clock.now()):
                note_look(connection, ticket_id, person_id=person.id, now=clock.now())
            others = others_at(connection, ticket_id, person_id=person.id, now=clock.now())
        return [name for name, _ in others]

    assert look(NINA) == []
    clock.move(minutes=2)
    assert (look(ANA), look(NINA)) == ([NINA], [ANA])
    assert look(ANA, 2) == [], "another ticket"
    clock.move(minutes=5)
    assert look(ANA) == [NINA]
    with desk.database.transaction() as connection:
        nina = get_or_create_person(connection, email=NINA, name="", now=clock.now())
        [(_, since)] = others_at(connection, 1, person_id=nina.id, now=clock.now())
        assert clock.now() - since == timedelta(minutes=5), "from when Ana came first"
        leave(connection, 1, person_id=nina.id)
    assert look(ANA) == []
    clock.move(seconds=SEEN_FOR.total_seconds() + 1)
    assert look(NINA) == [], "nobody looks for ever"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whoever_turns_pages_of_a_ticket_is_noted_once_a_minute(desk: Runtime, clock: MovableClock) -> None:
    with desk.database.transaction() as connection:
        nina = get_or_create_person(connection, email=NINA, name="", now=clock.now())
        assert not is_noted(connection, 1, person_id=nina.id, now=clock.now())
        note_look(connection, 1, person_id=nina.id, now=clock.now())
    clock.move(seconds=NOTED_FOR.total_seconds() - 1)
    with desk.database.reading() as connection:
        assert is_noted(connection, 1, person_id=nina.id, now=clock.now())
        assert not is_noted(connection, 2, person_id=nina.id, now=clock.now())
        clock.move(seconds=1)
        assert not is_noted(connection, 1, person_id=nina.id, now=clock.now())
