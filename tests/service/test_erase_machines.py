"""A person is erased on every machine: on the others when they next can, and it is said which have yet to."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.db.erasures import erasure_asks, list_asks
from gateway.errors import NotFound
from gateway.jobs.timetable import own_tasks
from gateway.runtime import Runtime
from gateway.services.erase_here import do_asked_erasures
from gateway.services.erase_person import Erasure, erase_person
from gateway.spool.entry import Lane
from tests.support.leftovers import left_in_files, left_in_tables
from tests.support.operator import Operator
from tests.support.planted import (
    MARIE,
    accept,
    drain,
    leave_in_log,
    plant,
    put_into_quarantine,
    write,
)
from tests.support.two_machines import Pair, speak
from tests.support.waiting import wait_for

pytestmark = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def planted(pair: Pair) -> Pair:
    """Marie is known to the database, and on the disks of both machines."""
    one, two = pair
    plant(one)
    put_into_quarantine(two)
    leave_in_log(two)
    two.where.sent.mkdir(parents=True, exist_ok=True)
    (two.where.sent / "20261124T100000Z-000001.eml").write_text(f"To: {MARIE}\n\nMARQUE")
    speak(one, two)
    return pair


def erase(runtime: Runtime, email: str = MARIE) -> Erasure:
    return erase_person(runtime, email, forget_recording=lambda _: None)


def does_its_part(runtime: Runtime) -> None:
    """At some beat: a second after its last mail the log of a spool is retired."""
    wait_for(lambda: do_asked_erasures(runtime) == 1, "the machine's part in the erasure")


def parts(runtime: Runtime) -> list[tuple[str, bool, bool]]:
    """By machine: is it done, and was the person known again?"""
    with runtime.database.reading() as connection:
        return [(one.machine, one.done_at is not None, one.is_known_again) for one in list_asks(connection)]


def test_another_machine_does_its_part_and_nothing_is_left_anywhere(
    planted: Pair, operator: Operator, tmp_path: Path
) -> None:
    one, two = planted
    assert len(left_in_files(two.where.data)) >= 4
    proof = erase(one)
    assert list(proof.asked) == ["mx2"]
    assert left_in_tables(one) == []
    assert left_in_files(one.where.data) == []
    assert left_in_files(two.where.data), "it was not asked yet"
    assert [row["state"] for row in operator.rows("person", "erase", "--status")] == ["yet to do"]
    assert do_asked_erasures(one) == 0, "it is not for us"
    assert [do_asked_erasures in own_tasks(beat) for beat in (0, 1, 5)] == [True, False, True]
    does_its_part(two)
    speak(two)
    assert left_in_files(tmp_path) + left_in_tables(one) == []
    [row] = operator.rows("person", "erase", "--status")
    assert (row["erasure"], row["machine"], row["state"], row["known_again"]) == (proof.number, "mx2", "done", False)
    assert row["counts"] == "logs, overwritten: 1, quarantine: 1, quarantine, overwritten: 1, sent files: 1"
    with one.database.reading() as connection:
        assert connection.execute(select(erasure_asks.c.sealed)).scalars().all() == [None], "nor is it said who"
    assert do_asked_erasures(two) == 0
    assert two.spool.depth(Lane.MAIL).quarantined == 1, "what others wrote stays"


def test_a_machine_that_dies_over_it_does_it_again(planted: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = planted
    erase(one)

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    wait_for(lambda: not list((two.where.spool / Lane.MAIL / "log").iterdir()), "no log of the spool")
    for step in ("forget_sent", "end_ask"):
        with monkeypatch.context() as patch:
            patch.setattr(f"gateway.services.erase_here.{step}", die)
            with pytest.raises(KeyboardInterrupt):
                do_asked_erasures(two)
        assert parts(one) == [("mx2", False, False)]
    does_its_part(two)
    assert left_in_files(two.where.data) + left_in_tables(one) == []


def test_what_waits_elsewhere_is_filed_first_and_then_it_is_said_that_the_person_is_known_again(planted: Pair) -> None:
    one, two = planted
    accept(two, write(by=MARIE, subject="x", text="MARQUE", ident="late@c.example"), mail_from=MARIE)
    erase(one)
    assert do_asked_erasures(two) == 0
    drain(two)
    does_its_part(two)
    assert parts(one) == [("mx2", True, True)]
    assert list(erase(two).asked) == ["mx1"]
    does_its_part(one)
    assert left_in_files(two.where.data) + left_in_tables(one) == []


def test_whom_only_another_machine_may_know_is_asked_for_there(pair: Pair) -> None:
    one, two = pair
    speak(one, two)
    with pytest.raises(NotFound):
        erase(one)
    put_into_quarantine(two)
    speak(two)
    assert list(erase(one).asked) == ["mx2"]
    does_its_part(two)
    assert left_in_files(two.where.data) == []


def test_a_machine_that_is_forgotten_is_not_waited_for_and_who_it_was_is_forgotten_too(
    planted: Pair, operator: Operator
) -> None:
    one, two = planted
    erase(one)
    with one.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE machines SET seen_ms = seen_ms - 61000 WHERE name = 'mx2'")
    operator.says("machine", "forget", "mx2", "--even-with-entries")
    assert [row["state"] for row in operator.rows("person", "erase", "--status")] == ["forgotten"]
    assert do_asked_erasures(two) == 0
    with one.database.reading() as connection:
        assert connection.execute(select(erasure_asks.c.sealed)).scalars().all() == [None]
