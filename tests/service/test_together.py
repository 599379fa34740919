"""Statements that go to the database together do what each would do by itself, on both databases."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Connection, Integer, column, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from gateway.db.daily_counts import count_once, counts_of, read_counts
from gateway.db.engine import Database, DatabaseTrouble
from gateway.db.people import by_email, find_person, get_or_create_person
from gateway.db.receipts import Receipt, Verdict, add_receipt, earlier_than, find_earlier, receipts
from gateway.db.together import Question, ask, foresee
from tests.support.clock import MovableClock

DAY = date(2026, 11, 24)
MARKS = ("mark", "held")


@pytest.fixture
def receipt(clock: MovableClock) -> Callable[[str], Receipt]:
    def make(spool_id: str) -> Receipt:
        return Receipt(
            spool_id=spool_id,
            lane="mail",
            project="DEMO",
            fingerprint=f"mark of {spool_id}",
            message_id="100%(id)s@client.example",
            sha256="0" * 64,
            verdict=Verdict.HELD,
            reason="Écran 100 % noir",
            ticket_id=None,
            entry_id=None,
            trace=[{"rule": "sender", "outcome": "one", "evidence": "É"}],
            envelope={"tls": False, "peer": None},
            accepted_at=clock.now(),
            filed_at=clock.now(),
        )

    return make


def earlier(connection: Connection, spool_id: str) -> list[Receipt]:
    return find_earlier(connection, spool_id=spool_id, marks=MARKS, project="DEMO")


def test_a_foreseen_answer_is_the_one_that_is_asked_for(
    database: Database, receipt: Callable[[str], Receipt], clock: MovableClock
) -> None:
    with database.transaction() as connection:
        add_receipt(connection, receipt("a"))
        get_or_create_person(connection, email="m@x.example", name="Zoé", now=clock.now())
    with database.reading() as connection:
        known = earlier(connection, "a"), find_person(connection, email="m@x.example")
    with database.transaction() as connection:
        foresee(connection, [earlier_than("a", MARKS, "DEMO"), by_email("m@x.example"), counts_of(("all",), day=DAY)])
        assert (earlier(connection, "a"), find_person(connection, email="m@x.example")) == known
        assert known[0] == [receipt("a")]
        assert read_counts(connection, ("all",), day=DAY) == {"all": 0}


def test_what_was_foreseen_answers_one_question_and_no_other(database: Database, clock: MovableClock) -> None:
    with database.transaction() as connection:
        foresee(connection, [by_email("m@x.example")])
        assert get_or_create_person(connection, email="m@x.example", name="", now=clock.now()).email == "m@x.example"
        assert find_person(connection, email="m@x.example") is not None
        foresee(connection, [by_email("nobody@x.example")])
        assert find_person(connection, email="m@x.example") is not None


def test_what_is_written_later_is_there_for_whoever_looks_and_in_its_order(
    database: Database, receipt: Callable[[str], Receipt]
) -> None:
    with database.transaction() as connection:
        for spool_id in "abc":
            add_receipt(connection, receipt(spool_id))
            count_once(connection, ["all", spool_id], day=DAY)
        written = connection.execute(select(receipts.c.spool_id).order_by(receipts.c.id)).scalars().all()
        assert written == ["a", "b", "c"]
        add_receipt(connection, receipt("d"))
        assert read_counts(connection, ("all", "a", "x"), day=DAY) == {"all": 3, "a": 1, "x": 0}
    with database.reading() as connection:
        assert earlier(connection, "d") == [receipt("d")]


def test_what_is_written_later_fails_at_the_end_and_leaves_nothing(
    database: Database, receipt: Callable[[str], Receipt]
) -> None:
    def take_twice() -> None:
        with database.transaction() as connection:
            count_once(connection, ["all"], day=DAY)
            add_receipt(connection, receipt("a"))
            add_receipt(connection, receipt("a"))

    with pytest.raises(IntegrityError):
        take_twice()
    with database.transaction() as connection:
        assert (earlier(connection, "a"), read_counts(connection, ("all",), day=DAY)) == ([], {"all": 0})


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_server_that_goes_away_under_a_question_is_trouble(database: Database) -> None:
    def ask_a_dead_session() -> None:
        with database.transaction() as connection:
            own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with database.transaction() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({own}, 5000)")
            find_person(connection, email="m@x.example")

    with pytest.raises(DatabaseTrouble) as raised:
        ask_a_dead_session()
    assert isinstance(raised.value.__cause__, OperationalError)
    assert raised.value.__cause__.connection_invalidated
    with database.transaction() as connection:
        assert find_person(connection, email="m@x.example") is None


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_server_that_takes_no_writes_any_more_is_not_asked_again_by_the_same_session(database: Database) -> None:
    with database.transaction() as connection:
        before = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()

    def write_to_a_standby() -> None:
        with database.transaction() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            count_once(connection, ["all"], day=DAY)

    with pytest.raises(DatabaseTrouble):
        write_to_a_standby()
    with database.transaction() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() != before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_fails_while_rows_are_taken_is_trouble_like_a_statement_that_fails(database: Database) -> None:
    rows = text("SELECT column1 AS n FROM (VALUES (1), (2), (3))").columns(column("n", Integer)).subquery("rows")
    question = Question(select(func.breaks_at_two(rows.c.n).label("n")), {})

    def breaks_at_two(number: int) -> int:
        assert number != 2
        return number

    def read() -> None:
        with database.transaction() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.create_function("breaks_at_two", 1, breaks_at_two)
            ask(connection, question)

    with pytest.raises(DatabaseTrouble):
        read()
    with database.transaction() as connection:
        assert find_person(connection, email="m@x.example") is None, "the transaction was rolled back"


def test_a_text_of_the_drivers_own_sees_what_is_written_later(database: Database) -> None:
    with database.transaction() as connection:
        count_once(connection, ["all"], day=DAY)
        assert connection.exec_driver_sql("SELECT count(*) FROM daily_counts").scalar_one() == 1
