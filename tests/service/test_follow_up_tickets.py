"""Reminders and closing by themselves: each once, also after hours of downtime and with two ticks at once."""

import threading

import pytest

from gateway.db.outbox import Delivery, list_deliveries
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.ticket_events import history_of
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.change import Change
from gateway.domain.joining import Joining
from gateway.domain.ticket import Role, Status
from gateway.notify.compose import compose
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from gateway.services.follow_up_tickets import follow_up_tickets
from gateway.services.override_calendar import override_calendar
from gateway.services.run_clocks import run_clocks
from gateway.services.wake_ticket import wake_ticket
from tests.support.clock import MovableClock
from tests.support.outbox import file_and_acknowledge

NINA = "nina@client.example"


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """One ticket of Marie's, on Tuesday 24 November at 10:00."""
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=NINA, name="", now=runtime.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N1)
    file_and_acknowledge(runtime)
    return runtime


def act(runtime: Runtime, **change: object) -> None:
    change_ticket(runtime, ref="DEMO-1", change=Change(**change), by=NINA)  # type: ignore[arg-type]  # fields by name


def tick(runtime: Runtime) -> int:
    run_clocks(runtime)
    return follow_up_tickets(runtime)


def ticket(runtime: Runtime) -> Ticket:
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ref="DEMO-1")
    assert found is not None
    return found


def mails(runtime: Runtime) -> list[Delivery]:
    with runtime.database.reading() as connection:
        return [row for row in list_deliveries(connection) if row.notice == Notice.PROGRESS]


def told(runtime: Runtime) -> list[str]:
    return [row.context["happening"] for row in mails(runtime)]


def text(runtime: Runtime, row: Delivery) -> str:
    content = compose(row, runtime=runtime).content
    return content.decode().replace("=\r\n", "").replace("=C3=A9", "é")


def test_who_is_waited_for_is_reminded_twice_and_then_the_ticket_is_closed(desk: Runtime, clock: MovableClock) -> None:
    act(desk, reply="Quel écran ?", status=Status.PENDING)
    assert "sera close le 8 décembre 2026" in text(desk, mails(desk)[-1])
    steps = []
    for day in range(1, 20):
        clock.move(days=1)
        tick(desk)
        tick(desk)
        steps.append((day, told(desk)[1:], ticket(desk).status))
    days = {happenings[-1]: day for day, happenings, _ in reversed(steps) if happenings}
    assert [step for step in steps if step[0] in {1, 2, 6, 7, 13, 14, 19}] == [
        (1, [], "pending"),
        (2, ["reminder"], "pending"),
        (6, ["reminder"], "pending"),
        (7, ["reminder", "reminder"], "pending"),  # Tuesday: five working days
        (13, ["reminder", "reminder"], "pending"),
        (14, ["reminder", "reminder", "closed"], "closed"),
        (19, ["reminder", "reminder", "closed"], "closed"),
    ]
    assert days["closed"] == 14
    assert "Quel écran ?" in text(desk, mails(desk)[1]).replace("=E9", "é")
    with desk.database.reading() as connection:
        closed = history_of(connection, ticket(desk))[-1]
    assert (closed.value, closed.by) == ("closed", "gateway")


def test_an_answer_ends_the_waiting(desk: Runtime, clock: MovableClock) -> None:
    act(desk, status=Status.PENDING)
    tick(desk)
    clock.move(days=1)
    with desk.database.transaction() as connection:
        wake_ticket(connection, ticket(desk), joining=Joining.RESUME, author="marie@example.org", now=clock.now())
    clock.move(days=30)
    assert tick(desk) == 0
    assert (told(desk), ticket(desk).status) == (["waiting"], "open")


def test_after_downtime_there_is_one_reminder_and_as_much_time_as_ever(desk: Runtime, clock: MovableClock) -> None:
    act(desk, status=Status.PENDING)
    tick(desk)
    clock.move(days=30)
    tick(desk)
    assert (told(desk), ticket(desk).status) == (["waiting", "reminder"], "pending")
    assert "sera close le 4 janvier 2027" in text(desk, mails(desk)[-1])
    act(desk, assignee=NINA)  # lets everything be worked out anew
    clock.move(days=10)
    tick(desk)
    assert ticket(desk).status == "pending"
    clock.move(days=1)
    tick(desk)
    assert (told(desk), ticket(desk).status) == (["waiting", "reminder", "closed"], "closed")


def test_a_resolved_ticket_closes_by_itself_on_the_day_that_its_mail_named(desk: Runtime, clock: MovableClock) -> None:
    act(desk, status=Status.RESOLVED)
    assert "sera close le 8 décembre 2026" in text(desk, mails(desk)[-1])
    clock.move(days=13)
    tick(desk)
    assert ticket(desk).status == "resolved"
    clock.move(days=1)
    tick(desk)
    assert (told(desk), ticket(desk).status) == (["resolved", "closed"], "closed")


def test_waiting_again_begins_again(desk: Runtime, clock: MovableClock) -> None:
    for _ in range(2):
        act(desk, status=Status.PENDING)
        tick(desk)
        clock.move(days=4)
        tick(desk)
        act(desk, status=Status.OPEN)
    assert told(desk).count("reminder") == 2


def test_two_ticks_at_once_take_each_step_once(desk: Runtime, clock: MovableClock) -> None:
    act(desk, status=Status.PENDING)
    tick(desk)
    clock.move(days=2)
    faults: list[BaseException] = []

    def one_tick() -> None:
        try:
            follow_up_tickets(desk)
        except BaseException as error:  # noqa: BLE001  # kept for the assertion
            faults.append(error)

    ticks = [threading.Thread(target=one_tick) for _ in range(3)]
    for one in ticks:
        one.start()
    for one in ticks:
        one.join()
    assert (faults, told(desk)) == ([], ["waiting", "reminder"])


def test_what_just_happened_is_heeded_before_it_was_worked_out(desk: Runtime, clock: MovableClock) -> None:
    act(desk, status=Status.PENDING)
    tick(desk)
    clock.move(days=2)
    act(desk, status=Status.RESOLVED)
    assert follow_up_tickets(desk) == 0
    assert told(desk) == ["waiting", "resolved"]


def test_the_closing_day_of_a_resolved_mail_counts_days_that_were_closed_by_a_supervisors_word(desk: Runtime) -> None:
    """Wednesday is closed, so the tenth working day comes a day later."""
    with desk.database.transaction() as connection:
        chief = get_or_create_person(connection, email="chief@client.example", name="", now=desk.clock.now())
        add_membership(connection, person_id=chief.id, project="DEMO", role=Role.SUPERVISOR)
    midnight = desk.clock.now().replace(day=24, hour=23, minute=0)
    override_calendar(
        desk,
        project="DEMO",
        is_open=False,
        since=midnight,
        until=midnight.replace(day=25),
        reason="intempéries",
        by="chief@client.example",
    )
    act(desk, status=Status.RESOLVED)
    assert mails(desk)[-1].context["closes_at"].startswith("2026-12-09")
