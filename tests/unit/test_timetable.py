"""The timetable: what has nobody to see to it is rung for, and only that."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from rq.serializers import JSONSerializer

from gateway.db.daily_counts import count_once, read_counts
from gateway.db.engine import Database, DatabaseTrouble
from gateway.db.outbox import DeliveryState, begin_attempts, end_attempt
from gateway.jobs import timetable
from gateway.jobs.doorbell import OUTBOX
from gateway.jobs.timetable import (
    common_tasks,
    forget_dead_jobs,
    forget_old_counts,
    own_tasks,
    ring_for_due_mail,
    run_timetable,
    sweep,
)
from gateway.jobs.worker import GatewayWorker
from gateway.runtime import Runtime
from gateway.spool.entry import Lane
from tests.support.clock import MovableClock
from tests.support.dying import claim_and_die
from tests.support.outbox import file_and_acknowledge

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LEASE = timedelta(seconds=20)


def rings(runtime: Runtime, lane: str) -> int:
    return len(runtime.doorbell.queue(lane))


def test_the_bell_is_seen_to_at_each_beat_and_dead_jobs_at_each_fifth() -> None:
    beats = [[*own_tasks(beat), *common_tasks(beat)] for beat in range(11)]
    assert [beat for beat, tasks in enumerate(beats) if not {sweep, ring_for_due_mail} <= set(tasks)] == []
    assert [beat for beat, tasks in enumerate(beats) if forget_dead_jobs in tasks] == [0, 5, 10]


@on_sqlite
def test_a_lane_is_rung_for_once_something_has_waited_in_it_for_a_while(runtime: Runtime, clock: MovableClock) -> None:
    assert sweep(runtime) == []
    runtime.spool.accept(Lane.MAIL, {}, b"mail")
    runtime.spool.accept(Lane.WEB, {}, b"reply")
    clock.move(seconds=2)
    assert sweep(runtime) == []
    clock.move(seconds=1)
    assert sweep(runtime) == ["mail", "web"]
    assert (rings(runtime, "mail"), rings(runtime, "web"), rings(runtime, "call")) == (1, 1, 0)


@on_sqlite
def test_what_a_dead_worker_held_is_rung_for_at_once(runtime: Runtime) -> None:
    spool_id = runtime.spool.accept(Lane.MAIL, {}, b"mail")
    claim_and_die(runtime)
    assert runtime.spool.waiting(Lane.MAIL) == []
    assert sweep(runtime) == ["mail"]
    assert runtime.spool.waiting(Lane.MAIL) == [(spool_id, 1)]


@on_sqlite
def test_the_outbox_is_rung_for_when_a_mail_is_due_and_not_while_it_is_sent(
    runtime: Runtime, clock: MovableClock
) -> None:
    assert not ring_for_due_mail(runtime)
    file_and_acknowledge(runtime)
    assert ring_for_due_mail(runtime)
    assert rings(runtime, OUTBOX) == 1
    with runtime.database.transaction() as connection:
        begin_attempts(connection, now=clock.now(), lease=LEASE, limit=1)
    assert not ring_for_due_mail(runtime)
    clock.move(seconds=LEASE.total_seconds())
    assert ring_for_due_mail(runtime), "its sender died"
    with runtime.database.transaction() as connection:
        [taken] = begin_attempts(connection, now=clock.now(), lease=LEASE, limit=1)
        later = clock.now() + timedelta(hours=1)
        end_attempt(connection, taken, state=DeliveryState.QUEUED, at=clock.now(), next_attempt_at=later)
    assert not ring_for_due_mail(runtime)


@on_sqlite
def test_while_the_database_is_away_there_is_nothing_to_ring_for(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Database) -> None:
        raise DatabaseTrouble("away")

    monkeypatch.setattr(Database, "reading", fail)
    assert ring_for_due_mail(runtime) is False


@on_sqlite
def test_a_job_is_forgotten_once_its_worker_has_said_nothing_for_twenty_seconds(runtime: Runtime) -> None:
    runtime.doorbell.ring("mail")
    queue = runtime.doorbell.queue("mail")
    worker = GatewayWorker([queue], connection=runtime.doorbell.redis, serializer=JSONSerializer)
    with time_machine.travel(datetime(2026, 11, 24, tzinfo=UTC), tick=False) as now:
        [job] = queue.jobs
        worker.prepare_execution(job)
        queue.empty()
        for seconds, busy in ((19, 1), (1, 0)):
            now.shift(seconds)
            forget_dead_jobs(runtime)
            assert runtime.doorbell.busy() == busy


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A timetable without a pause, and the tests' own signals afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(timetable, "BEAT", 0.001)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@on_sqlite
def test_a_task_that_fails_keeps_no_other_from_its_beat_and_a_signal_ends_it(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    beats: list[int] = []

    def fail(_runtime: Runtime) -> None:
        raise RuntimeError

    def end_at_the_third(_runtime: Runtime) -> None:
        if len(beats) == 3:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(timetable, "own_tasks", lambda beat: [fail, lambda _: beats.append(beat), end_at_the_third])
    monkeypatch.setattr(timetable, "common_tasks", lambda _beat: [])
    run_timetable(runtime)
    assert beats == [0, 1, 2]


def test_counts_of_acknowledgements_are_dropped_with_their_day(runtime: Runtime, clock: MovableClock) -> None:
    scope, today = "address:marie@client.example", clock.now().date()
    with runtime.database.transaction() as connection:
        count_once(connection, [scope], day=today)
    assert forget_old_counts(runtime) == 0
    clock.move(days=1)
    assert forget_old_counts(runtime) == 1
    with runtime.database.reading() as connection:
        assert read_counts(connection, [scope], day=today) == {scope: 0}
    assert forget_old_counts in common_tasks(0)
