"""Rows of several machines: three doors and four workers on one PostgreSQL and one Valkey, each of which fails over.

The machines are this one: each has a data folder and ports of its own, and shares nothing with the others but the
servers and the signing key, and with a bucket their files. First the speed of one machine with four workers and of
three with as many. Then mails come by SMTP, each until some door has acknowledged it, while one of each kind dies, one
after another: a door, a worker, the holder of the leases (stopped, and awake again), the primary of Valkey, a whole
machine, the primary of PostgreSQL; the bucket hangs for a while before. At the end every acknowledged mail has one
entry and one acknowledgement, or the run fails.
"""

import itertools
import os
import secrets
import signal
import smtplib
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from bench.bucket import BucketPeer, bucket_peer
from bench.mails import plain_mails
from bench.report import Row, interleaved
from tests.support.installation import Installation, words_of
from tests.support.postgres_pair import PostgresPair
from tests.support.redis_servers import SentinelSet

_WORKERS = {1: (4,), 3: (2, 1, 1)}
_SENDERS = 6
_PATIENCE = 300.0  # seconds
_PAUSE = 0.25  # seconds between two mails of a sender while one after the other dies
_BETWEEN = 3.0  # seconds between two deaths
_MANY = 100_000
_NO_CAPS = {
    "GATEWAY_MAIL__ACKNOWLEDGEMENTS_IN_ALL": "10000000",
    "GATEWAY_MAIL__ACKNOWLEDGEMENTS_PER_DOMAIN": "10000000",
    "GATEWAY_MAIL__CHECK_AUTHENTICATION": "false",
    "GATEWAY_WORKER__JOB_TIMEOUT": "10",
}
Machines = list[Installation]


def rows(folder: Path, *, mails: int, runs: int, bucket: bool) -> Iterator[Row]:
    """The speed of three machines against one, then what is left of the mails when everything dies once."""
    folder.mkdir()
    where = ", files in a bucket" if bucket else ""

    def speed(run: int, doors: int) -> float:
        with _machines(folder / f"speed-{run}-{doors}", doors=doors, bucket=bucket) as (running, servers):
            return _speed(running, servers, mails)

    one, three = interleaved(runs, [lambda run: speed(run, 1), lambda run: speed(run, 3)])
    yield Row(
        name=f"mail to ticket, 3 machines with 4 workers, against 1{where}",
        unit="mails/s",
        ours=three,
        other=one,
        other_name="1 machine",
        ratio=three / one,
        details={"cores": float(psutil.cpu_count() or 0)},
    )
    with _machines(folder / "faults", doors=3, bucket=bucket) as (running, servers):
        yield _survive(running, servers, mails, where=where)


class _Servers:
    """What the machines share."""

    def __init__(self, postgres: PostgresPair, redis: SentinelSet, bucket: BucketPeer | None) -> None:
        self.postgres = postgres
        self.redis = redis
        self.bucket = bucket
        self._engine = create_engine(postgres.url, pool_pre_ping=True)

    def count(self, query: str) -> int:
        """A number from the database; -1 while it is away."""
        with suppress(SQLAlchemyError), self._engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())
        return -1

    def subjects(self) -> Counter[str]:
        """How many entries there are by the subject of their ticket."""
        query = "SELECT subject, count(*) FROM tickets JOIN entries ON ticket_id = tickets.id GROUP BY tickets.id"
        with self._engine.connect() as connection:
            return Counter({row[0]: row[1] for row in connection.execute(text(query))})

    def holder(self) -> str:
        """The machine and the process that do what is done once."""
        with suppress(SQLAlchemyError), self._engine.connect() as connection:
            found = "SELECT holder FROM leases WHERE name = 'timetable' AND until_ms > 0"
            return str(connection.execute(text(found)).scalar_one_or_none() or "")
        return ""


@contextmanager
def _machines(folder: Path, *, doors: int, bucket: bool) -> Iterator[tuple[Machines, _Servers]]:
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresPair())
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(SentinelSet(place))
        peer = stack.enter_context(bucket_peer()) if bucket else None
        shared = {
            **({} if peer is None else peer.settings),
            "GATEWAY_DATABASE_URL": postgres.url,
            "GATEWAY_REDIS_URL": redis.url,
            "GATEWAY_SIGNING__KEY": secrets.token_hex(32),
            **_NO_CAPS,
        }
        running = [
            stack.enter_context(
                Installation(
                    folder / f"mx{number}",
                    GATEWAY_MACHINE=f"mx{number}",
                    GATEWAY_WORKER__PROCESSES=str(workers),
                    **shared,
                )
            )
            for number, workers in enumerate(_WORKERS[doors], 1)
        ]
        yield running, _Servers(postgres, redis, peer)


def _speed(running: Machines, servers: _Servers, mails: int) -> float:
    began = time.perf_counter()
    _send(running, plain_mails(mails))
    _until(lambda: servers.count("SELECT count(*) FROM tickets") >= mails, "every mail on a ticket")
    return mails / (time.perf_counter() - began)


def _send(running: Machines, mails: Iterator[bytes], *, pause: float = 0.0) -> int:
    """Send each mail until a door has acknowledged it, with a pause after each; how many that were."""
    lock = threading.Lock()
    numbers = itertools.count()

    def work() -> int:
        done = 0
        while True:
            with lock:
                number, raw = next(numbers), next(mails, b"")
            if not raw:
                return done
            _deliver(running, raw, first=number)
            done += 1
            time.sleep(pause)

    with ThreadPoolExecutor(_SENDERS) as senders:
        return sum(one.result() for one in [senders.submit(work) for _ in range(_SENDERS)])


def _deliver(running: Machines, raw: bytes, *, first: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    door = first
    while True:
        try:
            running[door % len(running)].send(raw)
            return
        except (OSError, smtplib.SMTPException):
            if time.monotonic() > deadline:
                raise
            door += 1
            time.sleep(0.05)


def _survive(running: Machines, servers: _Servers, least: int, *, where: str) -> Row:
    deeds = _deeds(running, servers)
    over = threading.Event()
    with ThreadPoolExecutor(1) as fate:
        began = time.perf_counter()
        done = fate.submit(_let_happen, deeds, over)
        mails = _send(running, _mails_until(over, least), pause=_PAUSE)
        done.result()
    _until(lambda: servers.count("SELECT count(*) FROM tickets") >= mails, "every mail on a ticket", running)
    waiting = "SELECT count(*) FROM deliveries WHERE state NOT IN ('sent', 'failed', 'suppressed')"
    _until(lambda: servers.count(waiting) == 0, "every acknowledgement sent", running)
    seconds = time.perf_counter() - began
    running[0].wait_idle(seconds=_PATIENCE)
    _prove(running, servers, mails)
    return Row(
        name=f"mails that survive {len(deeds)} deaths on 3 machines{where}",
        unit="% once",
        ours=100.0,
        must=100.0,
        aim=100.0,
        details={"mails": float(mails), "seconds": seconds},
    )


def _let_happen(deeds: Mapping[str, Callable[[], None]], over: threading.Event) -> None:
    try:
        for name, deed in deeds.items():
            time.sleep(_BETWEEN)
            began = time.perf_counter()
            deed()
            print(f"  {name} ({time.perf_counter() - began:.1f} s)", flush=True)
        time.sleep(_BETWEEN)
    finally:
        over.set()


def _mails_until(over: threading.Event, least: int) -> Iterator[bytes]:
    """At least so many mails, and more until all has happened."""
    for number, raw in enumerate(plain_mails(_MANY)):
        if number >= least and over.is_set():
            return
        yield raw


def _prove(running: Machines, servers: _Servers, mails: int) -> None:
    """Every mail, all of which some door acknowledged, is one entry on one ticket and was answered once."""
    entries = servers.subjects()
    if servers.bucket is not None:
        found = running[0].run("files", "check")
        assert found.returncode == 0, found.stdout + found.stderr
    assert len(entries) == mails == servers.count("SELECT count(*) FROM tickets"), f"{len(entries)} tickets"
    assert set(entries.values()) == {1}, {subject: count for subject, count in entries.items() if count != 1}
    # A crash in the middle of sending sends again, with the same Message-ID: that is one mail.
    answers = {(mail["In-Reply-To"], mail["Message-ID"]) for machine in running for mail in machine.sent()}
    answered = Counter(original for original, _ in answers)
    assert len(answered) == mails, f"{len(answered)} of {mails} were answered"
    assert set(answered.values()) == {1}


def _deeds(running: Machines, servers: _Servers) -> dict[str, Callable[[], None]]:
    """What happens on the way, by name, in this order."""
    hangs = {} if servers.bucket is None else {"the bucket hangs": partial(servers.bucket.hang, _BETWEEN)}
    return {
        **hangs,
        "a door dies": lambda: _kill(running[0], "smtpd"),
        "a worker dies": lambda: _kill(running[1], "worker"),
        "the holder of the leases sleeps": lambda: _sleep(servers),
        "Valkey fails over": lambda: servers.redis.kill("primary"),
        "a machine dies": lambda: _restart(running[2]),
        "PostgreSQL fails over": servers.postgres.fail_over,
    }


def _kill(machine: Installation, role: str) -> None:
    for process in machine.processes():
        if role in words_of(process):
            with suppress(psutil.NoSuchProcess):
                process.kill()
                return


def _restart(machine: Installation) -> None:
    left = machine.processes()
    machine.kill()
    machine.wait_until_gone(left)
    machine.start()


def _sleep(servers: _Servers) -> None:
    _until(lambda: bool(servers.holder()), "a holder of the leases")
    before = servers.holder()
    pid = int(before.rpartition("/")[2].partition("-")[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        _until(lambda: servers.holder() not in {"", before}, "another holder of the leases")
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _until(is_so: Callable[[], bool], what: str, running: Sequence[Installation] = ()) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not {what}\n" + "\n".join(machine.logs() for machine in running))
        time.sleep(0.05)
