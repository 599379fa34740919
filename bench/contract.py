"""The contract's rows: due times a second, and the tick over many open tickets (`bench.clocks` has the steps)."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from bench.clocks import START, due_times_per_second, fill, open_store, run_until_known
from bench.report import Row, interleaved
from gateway.logs import configure_logs
from gateway.services.run_clocks import run_clocks
from tests.support.clock import MovableClock

_MUST, _AIM = 5.0, 1.0  # seconds that a tick over 100,000 open tickets may take


def rows(folder: Path, *, tickets: int, runs: int) -> Iterator[Row]:
    """How fast due times are computed, then one tick of each sort over so many blocking incidents, on SQLite."""
    configure_logs("warning", role="bench")
    [due] = interleaved(runs, [lambda _run: due_times_per_second()])
    yield Row(name="due times in working hours", unit="/s", ours=due, must=10_000, aim=100_000)
    clock = MovableClock(START)
    with open_store(folder, clock) as runtime:
        early = tickets // 100
        fill(runtime, early, begun=START - timedelta(hours=5), first=0)
        fill(runtime, tickets - early, begun=START, first=early)
        yield _row(f"until {tickets:,} new incidents are known to the tick", lambda: run_until_known(runtime))
        yield _tick(f"tick over {tickets:,}, nothing due", lambda: run_clocks(runtime))
        clock.move(hours=2)
        yield _tick("tick, one in a hundred passed a mark", lambda: run_clocks(runtime))
        clock.move(hours=5)
        yield _tick("tick, all the others passed one", lambda: run_clocks(runtime))


def _row(name: str, run: Callable[[], int]) -> Row:
    """Not held against a target: it happens once, when the contract of a whole installation changes."""
    seconds, number = _timed(run)
    return Row(name=name, unit="s", ours=seconds, at_most=True, details={"number": number})


def _tick(name: str, run: Callable[[], int]) -> Row:
    seconds, number = _timed(run)
    return Row(name=name, unit="s", ours=seconds, must=_MUST, aim=_AIM, at_most=True, details={"number": number})


def _timed(run: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    number = run()
    return time.perf_counter() - began, number
