"""The tick finds what clocks passed: each warning and breach once, however late, and by however many ticks."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.db.clock_marks import clock_marks, take_stale
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.ticket_events import begin_history, record_event
from gateway.db.tickets import find_ticket, tickets
from gateway.domain.change import Change
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.ticket import Role, Severity, Status
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from gateway.services.run_clocks import run_clocks
from tests.support.clock import MovableClock
from tests.support.many_tickets import add_incidents
from tests.support.outbox import file_and_acknowledge

NINA = "nina@client.example"


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """DEMO-1 is a blocking incident since the clock's first moment; nobody has answered."""
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=NINA, name="", now=runtime.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N1)
    file_and_acknowledge(runtime)
    act(runtime, severity=Severity.BLOCKING)
    return runtime


def act(runtime: Runtime, **change: object) -> None:
    change_ticket(runtime, ref="DEMO-1", change=Change(**change), by=NINA)  # type: ignore[arg-type]  # fields by name


def found(runtime: Runtime) -> list[tuple[int, str, int]]:
    query = select(clock_marks.c.cycle, clock_marks.c.guarantee, clock_marks.c.percent)
    with runtime.database.reading() as connection:
        rows = connection.execute(query.where(clock_marks.c.found_at.is_not(None)).order_by(clock_marks.c.at))
        return [(row.cycle, row.guarantee, row.percent) for row in rows]


def test_each_mark_is_found_when_it_is_passed_and_not_again(desk: Runtime, clock: MovableClock) -> None:
    begun = clock.now()
    steps = []
    for half_hours in range(50):
        if number := run_clocks(desk):
            steps.append(((clock.now() - begun) / timedelta(hours=1), number))
        assert run_clocks(desk) == 0
        clock.move(minutes=30, microseconds=1 if half_hours == 0 else 0)
    assert steps == [
        (pytest.approx(hours, abs=0.01), number) for hours, number in ((6, 1), (9, 1), (12, 2), (18, 1), (24, 1))
    ]
    assert found(desk) == [
        (0, "GTI", 50),
        (0, "GTI", 75),
        (0, "GTR", 50),
        (0, "GTI", 100),
        (0, "GTR", 75),
        (0, "GTR", 100),
    ]


def test_after_hours_of_downtime_everything_is_found_at_once(desk: Runtime, clock: MovableClock) -> None:
    clock.move(hours=30)
    assert run_clocks(desk) == 6
    assert run_clocks(desk) == 0


def test_what_was_answered_late_while_no_tick_ran_was_breached_all_the_same(desk: Runtime, clock: MovableClock) -> None:
    clock.move(hours=13)
    act(desk, reply="Bonjour")
    clock.move(hours=2)
    run_clocks(desk)
    assert (0, "GTI", 100) in found(desk)


def test_what_was_met_in_time_warns_no_more(desk: Runtime, clock: MovableClock) -> None:
    clock.move(hours=7)
    act(desk, status=Status.RESOLVED)
    clock.move(hours=90)
    run_clocks(desk)
    assert found(desk) == [(0, "GTI", 50)]


def test_a_pause_moves_what_is_to_come(desk: Runtime, clock: MovableClock) -> None:
    clock.move(hours=1)
    act(desk, status=Status.PENDING)
    clock.move(hours=100)
    assert run_clocks(desk) == 0
    act(desk, status=Status.OPEN)
    clock.move(hours=10)
    assert run_clocks(desk) == 0
    clock.move(hours=1)
    run_clocks(desk)
    assert found(desk) == [(0, "GTR", 50)]


def test_a_reopened_ticket_warns_anew(desk: Runtime, clock: MovableClock) -> None:
    act(desk, status=Status.RESOLVED)
    change_ticket(desk, ref="DEMO-1", change=Change(status=Status.OPEN), by="marie@example.org")
    clock.move(hours=6)
    run_clocks(desk)
    assert found(desk) == [(1, "GTI", 50)]


def test_another_severity_finds_no_mark_a_second_time(desk: Runtime, clock: MovableClock) -> None:
    clock.move(hours=7)
    run_clocks(desk)
    act(desk, severity=Severity.MAJOR)
    clock.move(hours=6)
    run_clocks(desk)
    assert found(desk) == [(0, "GTI", 50)]
    act(desk, severity=Severity.BLOCKING)
    run_clocks(desk)
    assert found(desk) == [(0, "GTI", 50), (0, "GTI", 75), (0, "GTR", 50), (0, "GTI", 100)]


def test_what_others_record_counts_from_the_next_tick_on(desk: Runtime, clock: MovableClock) -> None:
    with desk.database.transaction() as connection:
        ticket = find_ticket(connection, ref="DEMO-1")
        assert ticket is not None
        begin_history(connection, ticket)
        record_event(connection, ticket.id, answered(clock))
    clock.move(hours=13)
    run_clocks(desk)
    assert found(desk) == [(0, "GTR", 50)]


def test_two_ticks_at_once_find_each_mark_once(desk: Runtime, clock: MovableClock) -> None:
    with desk.database.transaction() as connection:
        add_incidents(connection, 300, begun=clock.now())
    clock.move(hours=30)
    counted = []
    threads = [threading.Thread(target=lambda: counted.append(run_clocks(desk))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_clocks(desk)
    assert len(found(desk)) == 301 * 6
    assert sum(counted) == 301 * 6


def answered(clock: MovableClock) -> TicketEvent:
    return TicketEvent(type=EventType.CALL_ANSWERED, at=clock.now(), by=By.AGENT, author=NINA)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_what_happens_while_a_tick_takes_the_ticket_is_not_lost_on_it(desk: Runtime, clock: MovableClock) -> None:
    with desk.database.transaction() as connection:
        ticket = find_ticket(connection, ref="DEMO-1")
        assert ticket is not None
        begin_history(connection, ticket)
    with desk.database.transaction() as change:
        # It stands among the stale ones since it was made blocking: this adds no row.
        record_event(change, ticket.id, answered(clock))
        with desk.database.transaction() as tick:
            take_stale(tick, limit=10)
    with desk.database.transaction() as tick:
        assert take_stale(tick, limit=10) == [ticket.id]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_tick_leaves_a_ticket_that_is_being_changed_to_the_next_one(desk: Runtime) -> None:
    with desk.database.transaction() as change:
        ticket = find_ticket(change, ref="DEMO-1")
        assert ticket is not None
        change.execute(select(tickets.c.id).where(tickets.c.id == ticket.id).with_for_update())
        with desk.database.transaction() as tick:
            # Each would wait for the other: the tick to say when the ticket is due, the change that it is stale.
            assert take_stale(tick, limit=10) == []
    with desk.database.transaction() as tick:
        assert take_stale(tick, limit=10) == [ticket.id]
