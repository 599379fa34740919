"""What must be done once is done by one: a lease has one holder, the next one comes in its time, the last one writes
nothing more."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from sqlalchemy import insert, select, update

from gateway.db.engine import Database, DatabaseTrouble
from gateway.db.leases import (
    HeldLease,
    LeaseLost,
    leases,
    list_leases,
    note_of,
    release_lease,
    require_lease,
    take_lease,
    write_note,
)
from gateway.db.ticket_numbers import project_counters
from gateway.leases import Lease, LeaseKeeper
from tests.support.waiting import wait_for

on_postgres = pytest.mark.parametrize(
    "database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


def take(database: Database, holder: str, *, seconds: float = 10) -> HeldLease | None:
    with database.transaction() as connection:
        return take_lease(connection, "timetable", holder=holder, seconds=seconds)


def run_out(database: Database) -> None:
    """The time of the lease is over."""
    with database.transaction() as connection:
        connection.execute(update(leases).values(until_ms=1))


def test_a_lease_has_one_holder_until_it_runs_out_and_a_new_number_for_the_next_one(database: Database) -> None:
    first = take(database, "mx1/a")
    assert first is not None
    assert take(database, "mx2/b") is None
    again = take(database, "mx1/a")
    assert again == first, "renewed, not taken anew"
    run_out(database)
    second = take(database, "mx2/b")
    assert second is not None
    assert (first.token, second.token) == (1, 2)
    assert take(database, "mx1/a") is None
    with database.reading() as connection:
        [row] = list_leases(connection)
    assert (row.machine, row.token, row.seconds_left) == ("mx2", 2, 10)


def test_of_many_who_want_it_at_once_one_gets_it(database: Database) -> None:
    got: list[HeldLease | None] = []
    threads = [threading.Thread(target=lambda n=n: got.append(take(database, f"mx{n}"))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([held for held in got if held]) == 1


def test_who_slept_through_the_end_of_its_lease_writes_nothing(database: Database) -> None:
    held = take(database, "mx1/a")
    assert held is not None

    def count(project: str) -> None:
        with database.transaction() as connection:
            connection.execute(insert(project_counters).values(project=project, last_number=1))

    with database.fenced(lambda connection: require_lease(connection, held)):
        count("BEFORE")
        run_out(database)
        with pytest.raises(LeaseLost):
            count("RUN OUT")
    assert take(database, "mx2/b")
    with database.fenced(lambda connection: require_lease(connection, held)), pytest.raises(LeaseLost):
        count("TAKEN")
    with database.transaction() as connection, pytest.raises(LeaseLost):
        write_note(connection, held, "mine")
    with database.transaction() as connection:
        release_lease(connection, held)
    assert take(database, "mx3/c") is None, "what is another's cannot be released"
    with database.reading() as connection:
        assert connection.execute(select(project_counters.c.project)).scalars().all() == ["BEFORE"]


def test_what_is_given_back_is_free_at_once_and_its_note_is_the_next_holders(database: Database) -> None:
    held = take(database, "mx1/a")
    assert held is not None
    with database.transaction() as connection:
        write_note(connection, held, "until noon")
        release_lease(connection, held)
    assert take(database, "mx2/b")
    with database.reading() as connection:
        assert note_of(connection, "timetable") == "until noon"
        assert note_of(connection, "another") is None


_SLEEPER = """
import sys
from sqlalchemy import insert
from gateway.db.engine import Database
from gateway.db.leases import require_lease, take_lease
from gateway.db.ticket_numbers import project_counters
database = Database(sys.argv[1])
with database.transaction() as connection:
    held = take_lease(connection, "timetable", holder="sleeper", seconds=0.5)
with database.fenced(lambda connection: require_lease(connection, held)), database.transaction() as connection:
    connection.execute(insert(project_counters).values(project="SLEEPER", last_number=1))
    print("in the middle", flush=True)
    sys.stdin.readline()
"""


@on_postgres
@pytest.mark.crash
def test_a_process_that_is_stopped_in_the_middle_is_replaced_and_its_writes_do_not_count(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", _SLEEPER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as sleeper:
        assert sleeper.stdin
        assert sleeper.stdout
        assert sleeper.stdout.readline() == "in the middle\n"
        os.kill(sleeper.pid, signal.SIGSTOP)
        wait_for(lambda: take(database, "mx2/b") is not None, "another holder", seconds=10)
        os.kill(sleeper.pid, signal.SIGCONT)
        _, said = sleeper.communicate("go on\n", timeout=20)
    assert sleeper.returncode == 1
    assert "DatabaseTrouble" in said
    with database.reading() as connection:
        assert connection.execute(select(project_counters)).all() == []


def test_a_keeper_takes_its_leases_at_once_and_gives_them_back_at_its_end(database: Database) -> None:
    with LeaseKeeper(database, holder="mx1/timetable") as keeper:
        lease = keeper.lease("timetable")
        assert lease.is_held
        assert take(database, "mx2/b") is None
    assert not lease.is_held
    assert take(database, "mx2/b")


def test_a_keeper_notices_that_its_lease_is_anothers(database: Database) -> None:
    lease = Lease("timetable", seconds=0.0)
    lease.keep(database, holder="mx1/a")
    assert not lease.is_lost
    assert not lease.is_held, "by our own clock its time is over"
    run_out(database)
    assert take(database, "mx2/b")
    lease.keep(database, holder="mx1/a")
    assert lease.is_lost
    with database.transaction() as connection, pytest.raises(LeaseLost):
        lease.fence(connection)


def test_while_the_database_is_away_a_lease_is_held_for_its_own_time_and_nobody_elses() -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    lease = Lease("timetable", seconds=10)
    with pytest.raises(DatabaseTrouble):
        lease.keep(away, holder="mx1/a")
    assert lease.is_lost
    with LeaseKeeper(away, holder="mx1/a") as keeper:
        assert not keeper.lease("timetable").is_held
