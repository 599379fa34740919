"""Which run of a machine this is: an id that its processes share for as long as one of them lives.

    run/instance    the id of this run and of the one before; each process holds a shared lock on it

The first process, which is the one that nobody keeps from locking it alone, draws a new id. A copied folder carries the
ids along but not the locks, so what runs there has an id of its own. The id of the run before is believed only in the
place where it was written, for there the lock says that it is over; a copy lies elsewhere.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gateway.ids import random32

_NAME = "instance"
# The boot is hidden from services that may not see all of /proc; the other marks are there then.
_MARKS = (Path("/proc/sys/kernel/random/boot_id"), Path("/etc/machine-id"))


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A run of a machine: its id, and that of the run that is known to be over, "" where none is."""

    id: str
    before: str


@contextmanager
def take_part(run: Path) -> Iterator[Instance]:
    """Be one of the processes of this machine's run for the block. Raises OSError."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run / _NAME).open("a+", encoding="utf-8") as file:
        # A lock is given up before it becomes a shared one: in between nobody else may think that they are the first.
        with (run / f"{_NAME}.lock").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _begin(run, file.fileno())
            fcntl.flock(file, fcntl.LOCK_SH)
        yield instance_of(run)


def instance_of(run: Path) -> Instance:
    """The run that goes on, or the last one. Raises FileNotFoundError where there never was one."""
    kept = _read(run)
    return Instance(id=kept["id"], before=kept["before"])


def _begin(run: Path, descriptor: int) -> None:
    here, last = _place(run), _read(run)
    before = last["id"] if last["place"] == here else ""
    content = json.dumps({"id": random32(16), "before": before, "place": here}).encode()
    os.ftruncate(descriptor, 0)
    os.write(descriptor, content)


def _read(run: Path) -> dict[str, str]:
    """What is kept; nothing but blanks where it was cut off by a crash."""
    try:
        kept = json.loads((run / _NAME).read_text(encoding="utf-8"))
    except ValueError:
        kept = {}
    return {name: str(kept.get(name, "")) for name in ("id", "before", "place")}


def _place(run: Path) -> str:
    """What tells this folder on this computer from a copy of it there or elsewhere."""
    found = run.stat()
    marks = [f"{found.st_dev}:{found.st_ino}", socket.gethostname()]
    for path in _MARKS:
        with suppress(OSError):
            marks.append(path.read_text(encoding="ascii").strip())
    return sha256("\n".join(marks).encode()).hexdigest()[:16]
