"""A worker that is killed over the entry that it has just claimed."""

import signal
import subprocess
import sys
from pathlib import Path

from gateway.runtime import Runtime

_ROOT = Path(__file__).resolve().parents[2]
_WORKER = """
import os, signal, sys
from pathlib import Path
from gateway.clock import SystemClock
from gateway.spool.entry import Lane
from gateway.spool.store import Spool
spool = Spool(Path(sys.argv[1]), clock=SystemClock())
with spool.worker(Lane.MAIL) as claims:
    claims.claim(*spool.waiting(Lane.MAIL)[0])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def claim_and_die(runtime: Runtime) -> None:
    """Claim the oldest entry of the mail lane in another process, which SIGKILL ends then and there."""
    arguments = [sys.executable, "-c", _WORKER, str(runtime.where.spool)]
    assert subprocess.run(arguments, cwd=_ROOT, check=False).returncode == -signal.SIGKILL
