"""Real processes, really killed: what they held comes back, and what they acknowledged is there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.spool.entry import Lane
from gateway.spool.store import Spool
from tests.support.clock import MovableClock

pytestmark = pytest.mark.crash

_HEAD = """
import sys
from pathlib import Path
from gateway.clock import SystemClock
from gateway.spool.entry import Lane
from gateway.spool.store import Spool
spool = Spool(Path(sys.argv[1]), clock=SystemClock())
"""
_CLAIM_AND_HANG = (
    _HEAD
    + """
with spool.worker(Lane.MAIL) as claims:
    entry = claims.claim(*spool.waiting(Lane.MAIL)[0])
    print(entry.id, entry.attempts, flush=True)
    sys.stdin.read()
"""
)
_ACCEPT_FOR_EVER = (
    _HEAD
    + """
while True:
    print(spool.accept(Lane.MAIL, {}, b"x" * 20_000), flush=True)
"""
)
_ACCEPT_TOGETHER = (
    _HEAD
    + """
import os, threading
def accept():
    while True:
        os.write(1, f"{spool.accept(Lane.MAIL, {}, b'x' * 20_000)}\\n".encode())
for _ in range(8):
    threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
"""
)


def start(program: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> str:
    """SIGKILL; the rest of what it had printed."""
    process.send_signal(signal.SIGKILL)
    return process.communicate()[0]


def test_an_entry_whose_worker_was_killed_comes_back_with_every_death_counted(spool: Spool, tmp_path: Path) -> None:
    spool_id = spool.accept(Lane.MAIL, {}, b"poison")
    for death in (1, 2, 3):
        worker = start(_CLAIM_AND_HANG, tmp_path / "spool")
        try:
            assert first_line(worker) == f"{spool_id} {death}"
            assert spool.recover(Lane.MAIL) == 0
            assert spool.waiting(Lane.MAIL) == []
        finally:
            kill(worker)
        assert spool.recover(Lane.MAIL) == 1
        assert spool.waiting(Lane.MAIL) == [(spool_id, death)]
    assert list((tmp_path / "spool" / "mail" / "claimed").iterdir()) == []


def test_only_the_dead_workers_entries_come_back(spool: Spool, tmp_path: Path, clock: MovableClock) -> None:
    for _ in range(2):
        spool.accept(Lane.MAIL, {}, b"one")
        clock.move(seconds=1)
    dead, living = start(_CLAIM_AND_HANG, tmp_path / "spool"), None
    try:
        dead_holds = first_line(dead).split()[0]
        living = start(_CLAIM_AND_HANG, tmp_path / "spool")
        first_line(living)
        kill(dead)
        assert spool.recover(Lane.MAIL) == 1
        assert spool.waiting(Lane.MAIL) == [(dead_holds, 1)]
        assert spool.depth(Lane.MAIL).claimed == 1
    finally:
        for process in (dead, living):
            if process is not None:
                kill(process)


@pytest.mark.parametrize("program", [_ACCEPT_FOR_EVER, _ACCEPT_TOGETHER], ids=["alone", "together"])
def test_what_was_acknowledged_before_the_kill_is_there_and_whole(spool: Spool, tmp_path: Path, program: str) -> None:
    process = start(program, tmp_path / "spool")
    acknowledged = {first_line(process) for _ in range(60)}
    acknowledged |= set(kill(process).split("\n")[:-1])
    waiting = spool.waiting(Lane.MAIL)
    assert acknowledged <= {spool_id for spool_id, _ in waiting}
    spool.recover(Lane.MAIL)
    assert list((tmp_path / "spool" / "mail" / "log").iterdir()) == []
    waiting = spool.waiting(Lane.MAIL)
    with spool.worker(Lane.MAIL) as claims:
        for spool_id, attempts in waiting:
            entry = claims.claim(spool_id, attempts)
            assert entry is not None
            assert entry.payload == b"x" * 20_000
            claims.finish(entry)
