"""Rows: from an accepted mail to its ticket and its acknowledgement in the outbox, by the two workers of `gateway up`.

Beside it, on the same mails and the same kind of database, django-helpdesk, where its Python is given: one process,
as its documentation has it.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bench.databases import Databases, Store
from bench.mails import mixed_mails, plain_mails
from bench.report import Row, interleaved
from bench.stored import store_tickets

ROOT = Path(__file__).resolve().parents[1]
_PEER = Path(__file__).with_name("peer_helpdesk.py")
_TARGETS = {"5 kB mails": (4.0, 10.0), "1 to 50 kB with attachments": (4.0, 8.0)}


class Filing:
    """What filing needs: a folder, a Redis, databases, and the peer's Python where there is one."""

    def __init__(self, folder: Path, *, redis_url: str, databases: Databases, peer: Path | None) -> None:
        self._folder = folder
        self._redis_url = redis_url
        self._databases = databases
        self._peer = peer
        self._number = 0

    def rows(self, *, mails: int, runs: int) -> Iterator[Row]:
        """Both kinds of mails on every kind of database."""
        kinds = {"5 kB mails": plain_mails(mails), "1 to 50 kB with attachments": mixed_mails(mails)}
        for kind, content in kinds.items():
            box = _write(content, self._folder / kind.replace(" ", "-"))
            for store in self._databases.stores():
                yield self._row(f"mail to ticket, {store.name}, {kind}", box, store, runs, _TARGETS[kind])

    def stored_row(self, *, stored: int, few: int, mails: int, runs: int) -> Row:
        """What a mail costs with many tickets stored, against few (SQLite)."""
        small, big = self._prepared(few), self._prepared(stored)
        # Other mails in every run: what is filed already would be a duplicate.
        boxes = [
            _write(plain_mails(mails, first=1 + run * mails), self._folder / f"stored-{run}") for run in range(runs)
        ]
        rates = interleaved(
            runs,
            [
                lambda run: _rate(self._file(boxes[run], small), mails),
                lambda run: _rate(self._file(boxes[run], big), mails),
            ],
        )
        return Row(
            name=f"cost a mail with {stored:,} tickets stored, against {few:,}",
            unit="mails/s",
            ours=rates[1],
            other=rates[0],
            other_name=f"{few} stored",
            ratio=rates[0] / rates[1],
            must=1.3,
            aim=1.05,
            at_most=True,
        )

    def box(self, content: Iterable[bytes], name: str) -> Path:
        """A folder with these mails."""
        return _write(content, self._folder / name)

    def rate(self, box: Path, settings: Mapping[str, str]) -> float:
        """Mails a second of a folder's, filed on SQLite with these variables."""
        done = self._file(box, self._environment(self._databases.sqlite) | dict(settings))
        return _rate(done, len(list(box.iterdir())))

    def _row(self, name: str, box: Path, store: Store, runs: int, targets: tuple[float, float]) -> Row:
        mails = len(list(box.iterdir()))
        cpu: list[float] = []

        def ours(_run: int) -> float:
            done = self._file(box, self._environment(store))
            cpu.append(done["cpu"] / mails * 1e6)
            return _rate(done, mails)

        def peer(_run: int) -> float:
            return _rate(self._peer_files(box, store), mails)

        figures = interleaved(runs, [ours, peer] if self._peer else [ours])
        other = figures[1] if self._peer else None
        return Row(
            name=name,
            unit="mails/s",
            ours=figures[0],
            other=other,
            other_name="django-helpdesk" if other else "",
            ratio=figures[0] / other if other else None,
            must=targets[0] if other else None,
            aim=targets[1] if other else None,
            details={"us CPU a mail": statistics.median(cpu)},
        )

    def _environment(self, store: Store) -> dict[str, str]:
        self._number += 1
        data = self._folder / f"filing-{self._number}"
        data.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        settings = {"CONFIG": "/dev/null", "DATA": str(data), "REDIS_URL": self._redis_url, **store.new_settings()}
        environment = {**kept, **{f"GATEWAY_{name}": value for name, value in settings.items()}}
        migrate = [sys.executable, "-m", "gateway", "migrate"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        return environment

    def _prepared(self, stored: int) -> dict[str, str]:
        environment = self._environment(self._databases.sqlite)
        one = _write(plain_mails(1), self._folder / "one")
        self._file(one, environment)
        store_tickets(Path(environment["GATEWAY_DATA"]) / "gateway.db", stored)
        return environment

    def _file(self, box: Path, environment: dict[str, str]) -> dict[str, float]:
        log = Path(environment["GATEWAY_DATA"]) / "log"
        return _child([sys.executable, "-m", "bench.file_mails", str(box)], environment, log)

    def _peer_files(self, box: Path, store: Store) -> dict[str, float]:
        self._number += 1
        work = self._folder / f"peer-{self._number}"
        work.mkdir()
        command = [str(self._peer), str(_PEER), str(box), str(work), *store.new_peer_arguments()]
        return _child(command, dict(os.environ), work / "log")


def _child(command: list[str], environment: dict[str, str], log: Path) -> dict[str, float]:
    with log.open("wb") as errors:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, check=False)
    if done.returncode:
        raise RuntimeError(log.read_text(errors="replace")[-2000:])
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _rate(done: dict[str, float], mails: int) -> float:
    if not done["tickets"] == done["acknowledgements"] == mails:
        raise RuntimeError(f"{mails} mails should be as many tickets and acknowledgements, not {done}")
    return mails / done["seconds"]


def _write(mails: Iterable[bytes], folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for number, raw in enumerate(mails):
        (folder / f"{number:06}.eml").write_bytes(raw)
    return folder
