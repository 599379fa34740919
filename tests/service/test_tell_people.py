"""What the people on a ticket are told: the reporter as they wish, contacts beside them, nobody of their own act."""

from email import message_from_bytes
from email.policy import default

import pytest

from gateway.db.hotline import find_hotline_code
from gateway.db.outbox import Delivery, list_deliveries
from gateway.db.participants import find_participants
from gateway.db.people import Person, add_membership, get_or_create_person, update_person
from gateway.db.tickets import Ticket, find_ticket, list_entries
from gateway.domain.change import Change
from gateway.domain.telling import Happening, Preference
from gateway.domain.ticket import Level, Role, Severity, Status
from gateway.notify.compose import compose
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from gateway.services.leave_ticket import leave_ticket
from gateway.services.tell_people import tell_people
from tests.support.outbox import file_and_acknowledge

MARIE, NINA, PAUL = "marie@example.org", "nina@client.example", "paul@client.example"


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """One ticket of Marie's, and Nina at N1."""
    with runtime.database.transaction() as connection:
        nina = get_or_create_person(connection, email=NINA, name="", now=runtime.clock.now())
        add_membership(connection, person_id=nina.id, project="DEMO", role=Role.N1)
    file_and_acknowledge(runtime, MARIE, message_id="first@client.example")
    return runtime


def act(runtime: Runtime, by: str = NINA, **change: object) -> None:
    change_ticket(runtime, ref="DEMO-1", change=Change(**change), by=by)  # type: ignore[arg-type]  # fields by name


def person(runtime: Runtime, email: str, *, notices: Preference | None = None) -> Person:
    with runtime.database.transaction() as connection:
        found = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
        update_person(connection, found.id, name=None, lang=None, phone=None, notices=notices)
    return found


def ticket(runtime: Runtime) -> Ticket:
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ref="DEMO-1")
    assert found is not None
    return found


def mails(runtime: Runtime, notice: Notice = Notice.PROGRESS) -> list[Delivery]:
    with runtime.database.reading() as connection:
        return [row for row in list_deliveries(connection) if row.notice == notice]


def text(runtime: Runtime, row: Delivery) -> str:
    message = message_from_bytes(compose(row, runtime=runtime).content, policy=default)
    plain = next(part for part in message.walk() if part.get_content_type() == "text/plain")
    found: str = plain.get_content()
    return found


def test_only_a_blocking_incident_that_is_worked_on_says_how_to_call(desk: Runtime) -> None:
    act(desk, severity=Severity.MINOR)
    act(desk, severity=Severity.BLOCKING)
    act(desk, status=Status.RESOLVED)
    minor, blocking, resolved = (text(desk, row) for row in mails(desk))
    act(desk, status=Status.OPEN)
    with desk.database.reading() as connection:
        code = find_hotline_code(connection, ticket(desk))
    assert code is not None
    assert f"Appelez le +33199001234 et composez le code {code[:4]} {code[4:]}" in blocking
    assert "du lundi au vendredi de 9:00 à 17:30, heure de Paris" in blocking
    assert "Appelez" not in minor + resolved


@pytest.mark.parametrize("wish", [Preference.NONE, Preference.DIGEST])
def test_who_wants_fewer_mails_is_told_of_answers_and_ends_and_sees_the_rest_on_the_page(
    desk: Runtime, wish: Preference
) -> None:
    person(desk, MARIE, notices=wish)
    act(desk, severity=Severity.MAJOR)
    act(desk, reply="Bonjour")
    act(desk, status=Status.PENDING)
    act(desk, status=Status.RESOLVED)
    assert [row.context["happening"] for row in mails(desk)] == ["answer", "waiting", "resolved"]
    with desk.database.reading() as connection:
        seen = list_entries(connection, ticket(desk).id, visible_only=True)
    assert "majeure" in seen[1].text
    assert seen[1].message_id is None


def test_nobody_is_told_of_their_own_act(desk: Runtime) -> None:
    act(desk, by=MARIE, status=Status.CLOSED)
    assert mails(desk) == []


def step(runtime: Runtime, *, by: Person | None, others: list[Person]) -> None:
    change = {"what": "status", "value": "open", "at": runtime.clock.now().isoformat()}
    with runtime.database.transaction() as connection:
        tell_people(connection, runtime, ticket(runtime), Happening.STEP, changes=[change], by=by, others=others)


def test_contacts_are_told_once_each_beside_the_reporter(desk: Runtime) -> None:
    nina, paul, marie = person(desk, NINA), person(desk, PAUL), person(desk, MARIE)
    step(desk, by=nina, others=[paul, nina, paul, marie])
    assert [row.recipient for row in mails(desk)] == [MARIE]
    assert [row.recipient for row in mails(desk, Notice.PARTICIPANT)] == [PAUL]
    assert "Votre demande est prise en charge." in text(desk, mails(desk, Notice.PARTICIPANT)[0])


def test_who_left_or_wants_nothing_is_not_told_and_the_reporter_is(desk: Runtime) -> None:
    paul, luc = person(desk, PAUL), person(desk, "luc@client.example")
    person(desk, "luc@client.example", notices=Preference.NONE)
    step(desk, by=None, others=[paul])
    token = text(desk, mails(desk, Notice.PARTICIPANT)[0]).rpartition("/leave/")[2].strip()
    leave_ticket(desk, token)
    leave_ticket(desk, token)
    with desk.database.transaction() as connection:
        # A contact who was told without being on the ticket does not come onto it by leaving, and is on record once.
        assert PAUL not in find_participants(connection, ticket(desk).id)
        left = [row for row in list_entries(connection, ticket(desk).id) if row.data.get("event") == "left"]
        assert [row.author for row in left] == [PAUL]
        luc = get_or_create_person(connection, email="luc@client.example", name="", now=desk.clock.now())
    step(desk, by=None, others=[paul, luc])
    assert [row.recipient for row in mails(desk, Notice.PARTICIPANT)] == [PAUL]
    assert [row.recipient for row in mails(desk)] == [MARIE, MARIE]


def test_every_mail_of_a_ticket_hangs_in_one_thread_under_what_was_written(desk: Runtime) -> None:
    act(desk, reply="Bonjour")
    act(desk, level=Level.N2)
    step(desk, by=None, others=[])
    rows = mails(desk)
    assert all(row.reference_ids[0] == "first@client.example" for row in rows)
    assert [row.in_reply_to for row in rows] == ["first@client.example", rows[0].message_id, rows[0].message_id]
    subjects = {message_from_bytes(compose(row, runtime=desk).content, policy=default)["Subject"] for row in rows}
    assert subjects == {"Re: Impossible de se connecter [DEMO-1]"}
