"""Guaranteed times: due times a second, and the tick over many open tickets.

    python -m bench.clocks [--tickets 100000] [--folder DISK]

The tick is measured on SQLite: when every ticket is new to it (as after the contract changed), when nothing is due,
when one ticket in a hundred passed a mark, and when all the others have, as after hours of downtime.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from gateway.config.load import load_settings
from gateway.db.clock_marks import stale_clocks
from gateway.db.migrate import migrate
from gateway.domain.business_hours import hours_of
from gateway.domain.calendar import USUAL_CALENDAR
from gateway.logs import configure_logs
from gateway.runtime import Runtime, open_runtime
from gateway.services.run_clocks import run_clocks
from tests.support.clock import MovableClock
from tests.support.many_tickets import add_incidents

START = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
DUE_TIMES = 200_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    configure_logs("warning", role="bench")
    print(f"due times in working hours: {due_times_per_second():,.0f} a second")
    clock = MovableClock(START)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, open_store(Path(folder), clock) as runtime:
        early = options.tickets // 100
        fill(runtime, early, begun=START - timedelta(hours=5), first=0)
        fill(runtime, options.tickets - early, begun=START, first=early)
        measure("ticks, until all of them are known", lambda: run_until_known(runtime))
        measure("tick, nothing due", lambda: run_clocks(runtime))
        clock.move(hours=2)
        measure("tick, one in a hundred passed a mark", lambda: run_clocks(runtime))
        clock.move(hours=5)
        measure("tick, all the others passed one", lambda: run_clocks(runtime))


def due_times_per_second() -> float:
    """How many due times of 48 working hours are computed in a second."""
    hours, amount = hours_of(USUAL_CALENDAR), timedelta(hours=48)
    hours.add(START, amount)  # lays the year out
    began = time.perf_counter()
    for number in range(DUE_TIMES):
        hours.add(START + timedelta(minutes=number), amount)
    return DUE_TIMES / (time.perf_counter() - began)


@contextmanager
def open_store(folder: Path, clock: MovableClock) -> Iterator[Runtime]:
    """A runtime on an empty database of its own."""
    environment = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(folder),
        "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
    }
    with open_runtime(load_settings(environment), clock=clock) as runtime:
        migrate(runtime.database)
        yield runtime


def fill(runtime: Runtime, number: int, *, begun: datetime, first: int) -> None:
    """Write incidents down."""
    with runtime.database.transaction() as connection:
        add_incidents(connection, number, begun=begun, first=first)


def run_until_known(runtime: Runtime) -> int:
    """Tick until no ticket is left whose marks are to be worked out; how many ticks it took."""
    ticks = 0
    with runtime.database.reading() as connection:
        query = select(stale_clocks).limit(1)
        while connection.execute(query).first() is not None:
            connection.rollback()
            run_clocks(runtime)
            ticks += 1
    return ticks


def measure(what: str, run: Callable[[], int]) -> None:
    """Run once and print how long it took and what it returned."""
    began = time.perf_counter()
    found = run()
    print(f"{what}: {time.perf_counter() - began:.2f} s ({found})")


if __name__ == "__main__":
    main()
