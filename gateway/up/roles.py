"""Which roles run on this machine: each process holds a lock under `run/roles/` for as long as it lives."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.up.instance import take_part


@contextmanager
def announce_role(run: Path, role: str) -> Iterator[None]:
    """Say for the block that this process is one of `role`, and of this machine's run. Raises OSError."""
    folder = run / "roles"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with take_part(run), (folder / f"{role}-{os.getpid()}").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def living_roles(run: Path) -> list[str]:
    """The roles of the processes that live, each once, in the order of their names; what the dead left is removed."""
    living = set()
    with suppress(FileNotFoundError):
        for path in (run / "roles").iterdir():
            if _is_locked(path):
                living.add(path.name.rpartition("-")[0])
            else:
                path.unlink(missing_ok=True)
    return sorted(living)


def _is_locked(path: Path) -> bool:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
