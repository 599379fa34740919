"""Who is called by a clock is told in one mail a quarter of an hour, however many tickets call."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from gateway.db.outbox import Delivery, list_deliveries
from gateway.db.people import add_membership, get_or_create_person
from gateway.domain.change import Change
from gateway.domain.ticket import Role, Severity
from gateway.jobs.timetable import find_passed_marks
from gateway.notify.compose import compose
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from tests.support.clock import MovableClock
from tests.support.many_tickets import add_incidents
from tests.support.outbox import file_and_acknowledge

NINA, NOE, CHIEF = "nina@client.example", "noe@client.example", "chief@support.example"


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """An N1 team of two, a supervisor, and DEMO-1, a blocking incident that nobody has yet."""
    with runtime.database.transaction() as connection:
        for email, role in ((NINA, Role.N1), (NOE, Role.N1), (CHIEF, Role.SUPERVISOR)):
            person = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
            add_membership(connection, person_id=person.id, project="DEMO", role=role)
    file_and_acknowledge(runtime, subject="Caisse en panne")
    change_ticket(runtime, ref="DEMO-1", change=Change(severity=Severity.BLOCKING), by=NINA)
    return runtime


def mails(runtime: Runtime) -> list[Delivery]:
    with runtime.database.reading() as connection:
        return [row for row in list_deliveries(connection) if row.notice == Notice.CLOCKS]


def recipients(runtime: Runtime) -> list[str]:
    return sorted(row.recipient for row in mails(runtime))


def test_the_ladder_is_climbed_as_time_runs_out(desk: Runtime, clock: MovableClock) -> None:
    change_ticket(desk, ref="DEMO-1", change=Change(assignee=NINA), by=NINA)  # GTI is met; GTR goes on
    clock.move(hours=12)
    find_passed_marks(desk)
    assert recipients(desk) == [NINA]
    clock.move(hours=6)
    find_passed_marks(desk)
    assert recipients(desk) == [NINA, NINA, NOE]
    clock.move(hours=6, microseconds=1)
    find_passed_marks(desk)
    assert recipients(desk) == [CHIEF, NINA, NINA, NINA, NOE, NOE]


def test_many_tickets_are_one_mail_for_each_person(desk: Runtime, clock: MovableClock) -> None:
    with desk.database.transaction() as connection:
        add_incidents(connection, 200, begun=clock.now())
    clock.move(hours=30)
    find_passed_marks(desk)
    find_passed_marks(desk)
    assert recipients(desk) == [CHIEF, NINA, NOE]
    assert {row.recipient: row.context["number"] for row in mails(desk)} == {
        CHIEF: 201 * 2,
        NINA: 201 * 6,
        NOE: 201 * 6,
    }
    assert len(mails(desk)[0].context["calls"]) == 50


def test_within_a_quarter_of_an_hour_nobody_gets_a_second_mail(desk: Runtime, clock: MovableClock) -> None:
    clock.move(hours=6)
    find_passed_marks(desk)
    with desk.database.transaction() as connection:
        add_incidents(connection, 3, begun=clock.now())
    assert len(mails(desk)) == 2
    clock.move(minutes=14)
    change_ticket(desk, ref="DEMO-1", change=Change(note="nothing new"), by=NINA)
    find_passed_marks(desk)
    assert len(mails(desk)) == 2
    clock.move(hours=6)
    find_passed_marks(desk)
    assert len(mails(desk)) == 5


def test_what_was_answered_meanwhile_warns_nobody_but_a_breach_is_told(desk: Runtime, clock: MovableClock) -> None:
    clock.move(hours=8)
    change_ticket(desk, ref="DEMO-1", change=Change(reply="Bonjour"), by=NINA)
    find_passed_marks(desk)
    assert mails(desk) == []
    clock.move(hours=20)
    change_ticket(desk, ref="DEMO-1", change=Change(workaround="Redémarrez."), by=NINA)
    find_passed_marks(desk)
    assert [row.context["calls"][0]["percent"] for row in mails(desk)] == [100] * 3


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("fr", "DEMO-1  GTI à 50\u00a0% le 24 novembre 2026 à 16:00\u00a0: Caisse en panne"),
        ("en", "DEMO-1  GTI at 50 % on 24 November 2026 at 16:00: Caisse en panne"),
    ],
)
def test_the_mail_says_which_ticket_and_how_far(desk: Runtime, clock: MovableClock, lang: str, words: str) -> None:
    with desk.database.transaction() as connection:
        connection.exec_driver_sql(f"UPDATE people SET lang = '{lang}' WHERE email = '{NINA}'")
    clock.move(hours=6)
    find_passed_marks(desk)
    [row] = [row for row in mails(desk) if row.recipient == NINA]
    message = message_from_bytes(compose(row, runtime=desk).content, policy=default)
    assert isinstance(message, EmailMessage)
    part = message.get_body(("plain",))
    assert part is not None
    assert words in part.get_content()
