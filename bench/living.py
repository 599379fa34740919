"""Rows from a whole installation, started as an operator starts it: delay, and memory of its roles."""

import smtplib
import sqlite3
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil

from bench.mails import large_mail, plain_mails
from bench.report import Row
from tests.support.installation import Installation, words_of

MIB = 1024 * 1024
_LARGE = 25_000_000  # bytes
_ROLES = ("up", "smtpd", "worker", "timetable", "web", "imapd")
_PATIENCE = 120  # seconds


def rows(folder: Path, *, mails: int) -> Iterator[Row]:
    """Start, measure at rest, one mail at a time, then with a large one."""
    with Installation(folder) as installation:
        installation.send(next(plain_mails(1)))
        installation.wait_idle()
        yield from _delays(installation, mails)
        installation.wait_idle()
        at_rest = memory_by_role(installation)
        most = _memory_while(installation, large_mail(_LARGE))
        yield _memory_row("memory of a role at rest (largest)", at_rest, must=120, aim=80)
        yield _memory_row("memory of a role while a 25 MB mail passes (largest)", most, must=300, aim=150)
        installation.stop()


def _delays(installation: Installation, mails: int) -> Iterator[Row]:
    delays = []
    with closing(sqlite3.connect(f"file:{installation.data}/gateway.db?mode=ro", uri=True)) as database:
        for raw in plain_mails(mails, first=1):
            message_id = raw.split(b"Message-ID: ")[1].split(b"\r\n")[0].decode()
            with smtplib.SMTP("127.0.0.1", installation.smtp_port, timeout=30) as client:
                client.sendmail("marie@client.example", ["support@demo.example"], raw)
                begun = time.perf_counter()
                _wait_for_ticket(database, message_id)
                delays.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.2)  # an idle system: the acknowledgement has gone, nobody is at work
    cuts = statistics.quantiles(delays, n=100, method="inclusive")
    for name, figure, must, aim in (("p50", cuts[49], 100.0, 30.0), ("p99", cuts[98], 500.0, 100.0)):
        yield Row(
            name=f"delay from 250 to ticket, idle, {name}", unit="ms", ours=figure, must=must, aim=aim, at_most=True
        )


def _wait_for_ticket(database: sqlite3.Connection, message_id: str) -> None:
    # With or without its angle brackets, whichever way it is kept.
    wanted = (message_id, message_id.strip("<>"))
    give_up = time.perf_counter() + _PATIENCE
    while not database.execute("SELECT 1 FROM message_ids WHERE message_id IN (?, ?)", wanted).fetchone():
        if time.perf_counter() > give_up:
            raise RuntimeError("the mail became no ticket")
        time.sleep(0.0005)


def memory_by_role(installation: Installation) -> dict[str, float]:
    """MiB of the largest process of each role; children that a worker forks count as workers."""
    most: dict[str, float] = {}
    for process in [psutil.Process(installation.pid), *installation.processes()]:
        role = next((word for word in words_of(process) if word in _ROLES), None)
        try:
            resident = process.memory_info().rss / MIB
        except psutil.NoSuchProcess:
            continue
        if role is not None:
            most[role] = max(most.get(role, 0.0), resident)
    return most


def _memory_while(installation: Installation, raw: bytes) -> dict[str, float]:
    most: dict[str, float] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            for role, resident in memory_by_role(installation).items():
                most[role] = max(most.get(role, 0.0), resident)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        installation.send(raw)
        installation.wait_idle(seconds=_PATIENCE)
    finally:
        done.set()
        watcher.join()
    return most


def _memory_row(name: str, roles: dict[str, float], *, must: float, aim: float) -> Row:
    return Row(name=name, unit="MiB", ours=max(roles.values()), must=must, aim=aim, at_most=True, details=roles)
