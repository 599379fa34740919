"""Agents are told what happened to their tickets: each thing once, nobody of their own act, never a storm."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from gateway.db.agent_news import anything_to_tell
from gateway.db.outbox import Delivery, find_delivery, list_deliveries
from gateway.db.people import add_membership, get_or_create_person, update_person
from gateway.db.tickets import NewEntry, add_entry, entries
from gateway.domain.change import Change
from gateway.domain.telling import Preference
from gateway.domain.ticket import Channel, Direction, EntryType, Language, Level, Role, Severity
from gateway.notify.compose import compose
from gateway.notify.failure_entry import Failure, write_failure
from gateway.notify.notices import Notice
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from gateway.services.tell_agents import QUIET, collect_news, tell_agents
from tests.support.clock import MovableClock
from tests.support.outbox import file_and_acknowledge

MARIE = "marie@example.org"
NINA, NOE, ANA = "nina@client.example", "noe@client.example", "ana@support.example"


@pytest.fixture
def desk(runtime: Runtime) -> Runtime:
    """Two people at N1 and one at N2."""
    with runtime.database.transaction() as connection:
        for email, role in ((NINA, Role.N1), (NOE, Role.N1), (ANA, Role.N2)):
            person = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
            add_membership(connection, person_id=person.id, project="DEMO", role=role)
    return runtime


def wish(runtime: Runtime, email: str, notices: Preference) -> None:
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
        update_person(connection, person.id, name=None, lang=None, phone=None, notices=notices)


def told(runtime: Runtime) -> list[Delivery]:
    tell_agents(runtime)
    with runtime.database.reading() as connection:
        return [row for row in list_deliveries(connection) if row.notice in {Notice.NEWS, Notice.NEWS_DIGEST}]


def who(rows: list[Delivery]) -> list[tuple[str, str]]:
    return sorted((row.recipient, row.context.get("happening", "digest")) for row in rows)


def reply(runtime: Runtime, *texts: str) -> None:
    with runtime.database.transaction() as connection:
        marie = get_or_create_person(connection, email=MARIE, name="", now=runtime.clock.now())
        for text in texts:
            entry = NewEntry(
                at=runtime.clock.now(),
                type=EntryType.MESSAGE,
                direction=Direction.IN,
                channel=Channel.SMTP,
                author_id=marie.id,
                author=MARIE,
                text=text,
                visible=True,
            )
            add_entry(connection, 1, entry)


def act(runtime: Runtime, by: str, **change: object) -> None:
    change_ticket(runtime, ref="DEMO-1", change=Change(**change), by=by)  # type: ignore[arg-type]  # fields by name


def test_a_new_ticket_is_told_to_the_team_of_its_level_and_once(desk: Runtime) -> None:
    file_and_acknowledge(desk, MARIE, subject="Écran noir")
    rows = told(desk)
    assert who(rows) == [(NINA, "new"), (NOE, "new")]
    assert who(told(desk)) == who(rows)
    mail = compose(rows[0], runtime=desk).content.decode()
    assert "DEMO-1" in mail
    assert "Reply-To: support+r-" in mail
    assert "Auto-Submitted: auto-generated" in mail


def test_agents_read_their_project_s_language_and_not_the_reporter_s(desk: Runtime) -> None:
    file_and_acknowledge(desk, MARIE, lang=Language.EN)
    assert {row.lang for row in told(desk)} == {"fr"}


def test_who_forwarded_a_mail_is_not_told_of_it(desk: Runtime) -> None:
    file_and_acknowledge(desk, MARIE)
    with desk.database.transaction() as connection:
        connection.execute(update(entries).values(data={"forwarded_by": NINA}))
    assert who(told(desk)) == [(NOE, "new")]


def test_a_reply_is_told_to_who_has_the_ticket(desk: Runtime, clock: MovableClock) -> None:
    file_and_acknowledge(desk, MARIE)
    act(desk, NINA, assignee=NINA)
    told(desk)
    clock.move(minutes=20)
    reply(desk, "Toujours en panne")
    rows = who(told(desk))
    assert (NINA, "reply") in rows
    assert (NOE, "reply") not in rows


def test_who_hands_a_ticket_on_and_why_is_told_to_the_level_that_gets_it(desk: Runtime, clock: MovableClock) -> None:
    file_and_acknowledge(desk, MARIE)
    told(desk)
    act(desk, NINA, severity=Severity.MAJOR, level=Level.N2, reason="vu avec l'hébergeur")
    rows = [row for row in told(desk) if row.recipient == ANA]
    assert who(rows) == [(ANA, "handed")]
    assert rows[0].context["author"] == NINA
    assert rows[0].context["reason"] == "vu avec l'hébergeur"
    assert who(told(desk)).count((NINA, "handed")) == 0


def test_who_is_given_a_ticket_is_told_unless_they_took_it(desk: Runtime, clock: MovableClock) -> None:
    file_and_acknowledge(desk, MARIE)
    told(desk)
    clock.move(minutes=20)
    act(desk, NINA, assignee=NOE)
    assert (NOE, "assigned") in who(told(desk))
    clock.move(minutes=20)
    act(desk, NINA, assignee=NINA)
    assert (NINA, "assigned") not in who(told(desk))


def test_a_mail_to_a_customer_that_did_not_arrive_is_told_and_one_to_an_agent_is_not(
    desk: Runtime, clock: MovableClock
) -> None:
    row_id = file_and_acknowledge(desk, MARIE)
    news = told(desk)[0]
    clock.move(minutes=20)
    for delivery_id in (row_id, news.id):
        with desk.database.transaction() as connection:
            row = find_delivery(connection, delivery_id)
            assert row is not None
            write_failure(connection, desk, row, Failure.REFUSED, error="550 no", now=clock.now())
    rows = [row for row in told(desk) if row.id > news.id and row.context.get("happening") == "undelivered"]
    assert who(rows) == [(NINA, "undelivered"), (NOE, "undelivered")]


def test_five_hundred_mails_in_a_minute_are_two_mails_to_each_agent(desk: Runtime, clock: MovableClock) -> None:
    file_and_acknowledge(desk, MARIE)
    told(desk)
    for minute in range(5):
        reply(desk, *(f"mail {minute} {number}" for number in range(100)))
        clock.move(seconds=10)
        told(desk)
    assert len(told(desk)) == 2
    clock.move(minutes=15)
    rows = [row for row in told(desk) if row.recipient == NINA]
    assert [row.notice for row in rows] == [Notice.NEWS, Notice.NEWS_DIGEST]
    assert rows[1].context["number"] == 500
    assert "450 autres" in compose(rows[1], runtime=desk).content.decode().replace("=20", " ")
    clock.move(hours=2)
    assert len([row for row in told(desk) if row.recipient == NINA]) == 2


def test_who_wants_a_digest_gets_one_an_hour_later_and_who_wants_none_nothing(
    desk: Runtime, clock: MovableClock
) -> None:
    wish(desk, NINA, Preference.DIGEST)
    wish(desk, NOE, Preference.NONE)
    file_and_acknowledge(desk, MARIE)
    file_and_acknowledge(desk, "paul@example.org")
    assert told(desk) == []
    clock.move(minutes=59)
    assert told(desk) == []
    clock.move(minutes=1)
    assert who(told(desk)) == [(NINA, "digest")]
    assert told(desk)[0].context["number"] == 2


def test_two_ticks_at_once_tell_each_thing_once(desk: Runtime) -> None:
    for number in range(20):
        file_and_acknowledge(desk, f"p{number}@example.org")
    faults: list[BaseException] = []

    def tick() -> None:
        try:
            tell_agents(desk)
        except BaseException as error:  # noqa: BLE001  # kept for the assertion
            faults.append(error)

    ticks = [threading.Thread(target=tick) for _ in range(2)]
    for one in ticks:
        one.start()
    for one in ticks:
        one.join()
    assert faults == []
    rows = told(desk)
    numbers = {
        email: sum(row.context.get("number", 1) for row in rows if row.recipient == email) for email in (NINA, NOE)
    }
    assert set(numbers.values()) <= set(range(1, 21))
    move = QUIET + timedelta(seconds=1)
    desk.clock.move(seconds=move.total_seconds())  # type: ignore[attr-defined]  # the fixture knows its type
    rows = told(desk)
    for email in (NINA, NOE):
        assert sum(row.context.get("number", 1) for row in rows if row.recipient == email) == 20


def test_what_is_not_for_agents_is_looked_at_once_and_told_to_nobody(desk: Runtime) -> None:
    file_and_acknowledge(desk, MARIE)
    told(desk)
    act(desk, NINA, reply="Bonjour")
    with desk.database.transaction() as connection:
        collect_news(connection, desk)
        assert not anything_to_tell(connection)
    assert len(told(desk)) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_look_for_something_to_tell_reads_no_other_entry(desk: Runtime) -> None:
    asked: list[str] = []
    with desk.database.reading() as connection:
        event.listen(connection, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
        anything_to_tell(connection)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[-1]}", (1, 0)).all()
    assert "ix_entries_to_tell" in str(plan)
