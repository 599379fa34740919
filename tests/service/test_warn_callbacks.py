"""A call back that is due warns like a clock: at each mark once, to whoever the contract's ladder names."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from gateway.db.callbacks import callback_requests, join_callback
from gateway.db.clock_calls import clock_calls
from gateway.db.outbox import list_deliveries
from gateway.db.people import add_membership, get_or_create_person, people
from gateway.db.tickets import create_ticket, tickets
from gateway.domain.business_hours import hours_of
from gateway.domain.calendar import USUAL_CALENDAR
from gateway.domain.callback import percent_passed
from gateway.domain.ticket import Language, Level, Role
from gateway.jobs.timetable import find_passed_marks
from gateway.notify.compose import compose
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from gateway.services.call_by_hand import settle_callback
from gateway.services.warn_callbacks import warn_callbacks
from tests.support.call_events import BEGAN
from tests.support.clock import MovableClock

ANA, LUC, CHIEF = "ana@demo.example", "luc@demo.example", "chief@demo.example"
DUE = BEGAN + timedelta(minutes=30)


@pytest.fixture
def request_id(runtime: Runtime) -> int:
    """Somebody to call back within half an hour about DEMO-1, which is before N2: Ana and Luc, and a supervisor."""
    with runtime.database.transaction() as connection:
        for email, role in ((ANA, Role.N2), (LUC, Role.N2), (CHIEF, Role.SUPERVISOR)):
            person = get_or_create_person(connection, email=email, name="", now=BEGAN)
            add_membership(connection, person_id=person.id, project="DEMO", role=role)
        made = create_ticket(
            connection, project="DEMO", subject="Caisse", lang=Language.FR, reporter_id=person.id, now=BEGAN
        )
        connection.execute(update(tickets).where(tickets.c.id == made.id).values(level=Level.N2))
        return join_callback(connection, project="DEMO", ticket_id=made.id, number="+33612345678", at=BEGAN, due_at=DUE)


def called(runtime: Runtime) -> list[tuple[str, int]]:
    """Who was called, and by which mark."""
    query = select(people.c.email, clock_calls.c.percent).join(people, people.c.id == clock_calls.c.person_id)
    with runtime.database.reading() as connection:
        return sorted((row.email, row.percent) for row in connection.execute(query))


@pytest.mark.parametrize(("minutes", "percent"), [(0, 0), (14.9, 0), (15, 50), (22.5, 75), (30, 75), (30.1, 100)])
def test_the_marks_are_those_of_a_clock(minutes: float, percent: int) -> None:
    now = BEGAN + timedelta(minutes=minutes)
    assert percent_passed(hours_of(USUAL_CALENDAR), requested_at=BEGAN, due_at=DUE, now=now) == percent


def test_the_time_between_closing_and_opening_does_not_count() -> None:
    """Asked for at 17:20, due at 9:20 of the next day: half of it has run at 9:05."""
    hours = hours_of(USUAL_CALENDAR)
    asked = BEGAN + timedelta(hours=7, minutes=20)
    due = hours.add(asked, timedelta(minutes=30))
    for minutes, percent in ((4, 0), (5, 50), (21, 100)):
        now = BEGAN.replace(day=25, hour=8) + timedelta(minutes=minutes)
        assert percent_passed(hours, requested_at=asked, due_at=due, now=now) == percent


def test_each_mark_calls_its_people_once(runtime: Runtime, clock: MovableClock, request_id: int) -> None:
    team = [(ANA, 75), (LUC, 75)]
    for minutes, wanted in ((15, 0), (23, 2), (31, 5)):
        clock.move(seconds=(BEGAN + timedelta(minutes=minutes) - clock.now()).total_seconds())
        warn_callbacks(runtime)
        assert warn_callbacks(runtime) == 0
        assert len([one for one in called(runtime) if one[1] > 50]) == wanted
    assert set(called(runtime)) >= {*team, (ANA, 100), (LUC, 100), (CHIEF, 100)}


def test_after_a_time_when_nothing_ran_only_the_last_mark_counts(
    runtime: Runtime, clock: MovableClock, request_id: int
) -> None:
    clock.move(hours=3)
    assert warn_callbacks(runtime) == 1
    assert {percent for _, percent in called(runtime)} == {100}


def test_a_request_that_is_closed_warns_nobody(runtime: Runtime, clock: MovableClock, request_id: int) -> None:
    settle_callback(runtime, request_id, state="done", email=ANA)
    clock.move(hours=3)
    assert warn_callbacks(runtime) == 0
    assert called(runtime) == []


def test_it_is_told_in_the_mail_of_the_clocks(runtime: Runtime, clock: MovableClock, request_id: int) -> None:
    clock.move(minutes=31)
    find_passed_marks(runtime)
    with runtime.database.reading() as connection:
        mails = [row for row in list_deliveries(connection) if row.notice == Notice.CLOCKS]
        (row,) = connection.execute(select(callback_requests)).all()
    assert sorted(mail.recipient for mail in mails) == [ANA, CHIEF, LUC]
    assert row.warned_percent == 100
    written = compose(mails[0], runtime=runtime).content.decode("utf-8", "replace")
    assert "DEMO-1  Rappel t=C3=A9l=C3=A9phonique D=C3=89PASS" in written or "Rappel téléphonique DÉPASSÉ" in written
