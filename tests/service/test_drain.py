"""A drain leaves every entry in a named place, whatever happens to the entry, the worker or the database."""

import time
from contextlib import suppress

import pytest

from gateway.db.engine import DatabaseTrouble
from gateway.jobs.drain import drain_lane
from gateway.jobs.timetable import sweep
from gateway.runtime import Runtime
from gateway.spool.entry import Lane, SpoolEntry
from tests.support.clock import MovableClock
from tests.support.dying import claim_and_die, drain_and_die

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def drain(runtime: Runtime, handler: object, *, seconds: float = 30) -> int:
    # Any callable: a drain must bear handlers that are not as they should be.
    done = drain_lane(Lane.MAIL, handler, runtime, deadline=time.monotonic() + seconds)  # type: ignore[arg-type]
    return done.handled


def accept(runtime: Runtime, *payloads: bytes) -> None:
    """One after the other: entries of one microsecond have no order."""
    clock = runtime.clock
    assert isinstance(clock, MovableClock)
    for payload in payloads:
        clock.move(seconds=1)
        runtime.spool.accept(Lane.MAIL, {}, payload)


def test_a_poison_entry_is_quarantined_at_its_third_failure_and_delays_nobody(runtime: Runtime) -> None:
    accept(runtime, b"poison", b"good 1", b"good 2")
    seen: list[bytes] = []

    def handler(entry: SpoolEntry, _runtime: Runtime) -> set[str]:
        seen.append(entry.payload)
        if entry.payload == b"poison":
            raise ValueError("cannot be understood")
        return set()

    assert drain(runtime, handler) == 2
    assert seen[:3].count(b"poison") == 1
    assert seen.count(b"poison") == 3
    [left] = runtime.spool.quarantine.list(Lane.MAIL)
    assert (left.reason, left.attempts) == ("ValueError: cannot be understood", 3)

    runtime.spool.quarantine.replay(left.id)
    assert drain(runtime, lambda _entry, _runtime: set()) == 1
    assert runtime.spool.depth(Lane.MAIL).waiting == 0


def test_while_the_database_is_away_nothing_counts_and_nothing_is_lost(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(runtime, b"one", b"two")
    is_up = True
    monkeypatch.setattr(type(runtime.database), "is_up", lambda _self: is_up)

    def handler(_entry: SpoolEntry, _runtime: Runtime) -> set[str]:
        nonlocal is_up
        is_up = False
        raise DatabaseTrouble("away")

    for _ in range(5):
        is_up = True
        assert drain(runtime, handler) == 0
    assert [attempts for _, attempts in runtime.spool.waiting(Lane.MAIL)] == [0, 0]


def test_while_the_database_is_away_no_entry_is_claimed_for_a_worker_to_die_under(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(runtime, b"one")
    monkeypatch.setattr(type(runtime.database), "is_up", lambda _self: False)
    seen: list[bytes] = []

    def handler(entry: SpoolEntry, _runtime: Runtime) -> set[str]:
        seen.append(entry.payload)
        return set()

    assert drain(runtime, handler) == 0
    assert seen == []
    monkeypatch.undo()
    assert drain(runtime, handler) == 1


def test_trouble_that_only_one_entry_makes_counts_against_it(runtime: Runtime) -> None:
    """What the database refuses for one entry alone must not block the lane for ever."""
    accept(runtime, b"refused")

    def handler(entry: SpoolEntry, _runtime: Runtime) -> set[str]:
        if entry.payload == b"refused":
            raise DatabaseTrouble("index row too large")
        return set()

    for number in range(3):
        accept(runtime, b"good %d" % number)
        assert drain(runtime, handler) == 1
    [left] = runtime.spool.quarantine.list(Lane.MAIL)
    assert left.attempts == 3


def test_a_database_that_reads_and_does_not_write_costs_no_entry_a_try(runtime: Runtime) -> None:
    accept(runtime, *(b"mail %d" % number for number in range(5)))

    def handler(_entry: SpoolEntry, _runtime: Runtime) -> set[str]:
        raise DatabaseTrouble("disk full")

    for _ in range(5):
        assert drain(runtime, handler) == 0
    assert [attempts for _, attempts in runtime.spool.waiting(Lane.MAIL)] == [0] * 5


def test_a_file_that_cannot_be_read_is_put_aside_and_delays_nobody(runtime: Runtime) -> None:
    accept(runtime, b"one", b"two")
    [(first, _), _] = runtime.spool.waiting(Lane.MAIL)
    path = runtime.where.spool / "mail" / "new" / f"{first}.0"
    path.unlink()
    path.mkdir()
    assert drain(runtime, lambda _entry, _runtime: set()) == 1
    assert [item.id for item in runtime.spool.quarantine.list(Lane.MAIL)] == [first]


@pytest.mark.crash
def test_an_entry_that_kills_its_worker_three_times_is_quarantined(runtime: Runtime) -> None:
    accept(runtime, b"deadly", b"good")
    for _ in range(3):
        claim_and_die(runtime)
        sweep(runtime)
    assert drain(runtime, lambda _entry, _runtime: set()) == 1
    [left] = runtime.spool.quarantine.list(Lane.MAIL)
    assert "death of its worker" in left.reason


def test_a_drain_stops_at_its_deadline_and_says_that_there_is_more(runtime: Runtime) -> None:
    accept(runtime, b"one")
    done = drain_lane(Lane.MAIL, lambda _entry, _runtime: set(), runtime, deadline=time.monotonic() - 1)
    assert (done.handled, done.more) == (0, True)


def test_a_handler_that_is_ended_from_outside_gives_its_entry_back(runtime: Runtime) -> None:
    accept(runtime, b"one")

    def handler(_entry: SpoolEntry, _runtime: Runtime) -> set[str]:
        raise SystemExit(1)

    with suppress(SystemExit):
        drain(runtime, handler)
    assert [attempts for _, attempts in runtime.spool.waiting(Lane.MAIL)] == [1]


def test_an_entry_stays_in_the_spool_and_nobody_is_rung_for_until_its_filing_is_durable(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(runtime, b"one", b"two")
    events: list[str] = []

    def handler(entry: SpoolEntry, _runtime: Runtime) -> set[str]:
        events.append(f"handled, {runtime.spool.depth(Lane.MAIL).claimed} claimed")
        return {"outbox"}

    def settled(_self: object) -> frozenset[str]:
        events.append(f"settled, {runtime.spool.depth(Lane.MAIL).claimed} claimed")
        return frozenset()

    def rung(_self: object, lane: str) -> bool:
        events.append(f"rung, {runtime.spool.depth(Lane.MAIL).claimed} claimed")
        return True

    monkeypatch.setattr(type(runtime.archive), "settle", settled)
    monkeypatch.setattr(type(runtime.database), "settle", settled)
    monkeypatch.setattr(type(runtime.doorbell), "ring", rung)
    assert drain(runtime, handler) == 2
    assert events == [
        "handled, 1 claimed",
        "handled, 2 claimed",
        "settled, 2 claimed",
        "settled, 2 claimed",
        "rung, 0 claimed",
    ]


@pytest.mark.parametrize("store", ["archive", "database"])
def test_what_cannot_be_made_durable_waits_uncounted(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    def broken(_self: object) -> None:
        raise OSError(5, "Input/output error")

    accept(runtime, b"one", b"two")
    with monkeypatch.context() as patched:
        patched.setattr(type(getattr(runtime, store)), "settle", broken)
        assert drain(runtime, lambda _entry, _runtime: set()) == 0
    assert [attempts for _, attempts in runtime.spool.waiting(Lane.MAIL)] == [0, 0]
    assert drain(runtime, lambda _entry, _runtime: set()) == 2


def test_a_long_drain_finishes_as_it_goes(runtime: Runtime) -> None:
    for number in range(120):
        runtime.spool.accept(Lane.MAIL, {}, b"mail %d" % number)
    most = 0

    def handler(_entry: SpoolEntry, _runtime: Runtime) -> set[str]:
        nonlocal most
        most = max(most, runtime.spool.depth(Lane.MAIL).claimed)
        return set()

    assert drain(runtime, handler) == 120
    assert most == 50


@pytest.mark.parametrize(("entries", "rings"), [(50, 0), (51, 1)])
def test_a_drain_that_finds_much_calls_for_another_worker(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, entries: int, rings: int
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(type(runtime.doorbell), "ring_soon", lambda _self, lane: rung.append(lane))
    for number in range(entries):
        runtime.spool.accept(Lane.MAIL, {}, b"mail %d" % number)
    assert drain(runtime, lambda _entry, _runtime: set()) == entries
    assert rung == [Lane.MAIL] * rings


@pytest.mark.crash
def test_a_deadly_entry_does_not_take_those_before_it_into_quarantine(runtime: Runtime) -> None:
    """They are handled when it kills their worker, and not finished: they come back, once."""
    accept(runtime, b"good 1", b"good 2", b"deadly", b"good 3")
    for _ in range(3):
        drain_and_die(runtime)
        sweep(runtime)
    handled: list[bytes] = []

    def handler(entry: SpoolEntry, _runtime: Runtime) -> set[str]:
        handled.append(entry.payload)
        return set()

    assert drain(runtime, handler) == 1
    assert handled == [b"good 3"]
    assert [left.attempts for left in runtime.spool.quarantine.list(Lane.MAIL)] == [4]
