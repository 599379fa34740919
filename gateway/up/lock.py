"""One `gateway up` for each data folder.

The lock is inherited by every child, so it is free only when all of them are gone: a second start never meets
the rest of the first, even if that one was killed.
"""

import fcntl
import os
import sys
import time
from typing import IO

from gateway.config.locations import Locations
from gateway.errors import Misconfigured
from gateway.up.stopping import Stopping

PATIENCE = 15.0  # seconds for an earlier run to end
_LOOK = 0.1


def hold_data_folder(where: Locations, stopping: Stopping, *, patience: float = PATIENCE) -> IO[str] | None:
    """Lock the data folder until the file that is returned, and every copy of its descriptor, is closed.

    Waits up to `patience` seconds for a run that is ending, and says so. None when we are asked to stop meanwhile.
    Raises Misconfigured where the other run goes on, OSError where the folder cannot be written.
    """
    where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    where.run.mkdir(mode=0o700, exist_ok=True)
    file = (where.run / "up.lock").open("a+", encoding="ascii")
    deadline = time.monotonic() + patience
    waits = False
    while not _lock(file):
        if not waits:
            waits = True
            print(f"waiting for the run before this one to end (process {_owner(file)})", file=sys.stderr)
        if time.monotonic() > deadline:
            owner = _owner(file)
            file.close()
            raise Misconfigured([f"a gateway already runs on {where.data} (process {owner})"])
        if stopping.asked.wait(_LOOK):
            file.close()
            return None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(file: IO[str]) -> str:
    file.seek(0)
    return file.read().strip() or "unknown"
