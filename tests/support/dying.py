"""Workers that are killed: over the entry that one has just claimed, and in the middle of a drain."""

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
_DRAIN = """
import os, signal, time
from gateway.config.load import load_settings
from gateway.jobs.drain import drain_lane
from gateway.runtime import open_runtime
from gateway.spool.entry import Lane
def handle(entry, _runtime):
    if entry.payload == b"deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return set()
with open_runtime(load_settings()) as runtime:
    drain_lane(Lane.MAIL, handle, runtime, deadline=time.monotonic() + 30)
"""


def claim_and_die(runtime: Runtime) -> None:
    """Claim the oldest entry of the mail lane in another process, which SIGKILL ends then and there."""
    arguments = [sys.executable, "-c", _WORKER, str(runtime.where.spool)]
    assert subprocess.run(arguments, cwd=_ROOT, check=False).returncode == -signal.SIGKILL


def drain_and_die(runtime: Runtime) -> None:
    """Drain the mail lane in another process, which SIGKILL ends over an entry whose payload is `deadly`."""
    environment = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(runtime.where.data),
        "GATEWAY_DATABASE_URL": str(runtime.database.url),
        "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
    }
    done = subprocess.run([sys.executable, "-c", _DRAIN], cwd=_ROOT, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
