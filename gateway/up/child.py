"""A process that we keep alive: started, watched, restarted with growing pauses, stopped in order.

Children end when we die, even by SIGKILL: on Linux the kernel tells them. They sit in sessions of their own, so
that Ctrl-C in a terminal reaches only us and the order of stopping is ours.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds before a restart
_STEADY = 10.0  # seconds alive after which the pause begins anew
_LOG_LIMIT = 10 * 1024 * 1024  # bytes; a larger log is put aside at the next start
_PR_SET_PDEATHSIG = 1

log = structlog.get_logger()


class Child:
    """One process. `keep_open` are descriptors that it inherits; `stop_seconds` is its time to end before SIGKILL."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_path: Path,
        keep_open: Sequence[int] = (),
        stop_seconds: float = 12.0,
    ) -> None:
        self.name = name
        self.stop_seconds = stop_seconds
        self._command = list(command)
        self._log_path = log_path
        self._keep_open = tuple(keep_open)
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = _FIRST_PAUSE
        self._started = 0.0
        self._restart_at = 0.0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self.is_running else None  # type: ignore[union-attr]  # is_running says so

    @property
    def is_running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How the last process ended; None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start the process; its output is appended to the log."""
        rotate(self._log_path)
        descriptor = os.open(self._log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(  # noqa: S603  # the command is ours
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
                pass_fds=self._keep_open,
                # We have a single thread, so running Python between fork and exec is safe.
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        finally:
            os.close(descriptor)
        self._started = time.monotonic()
        log.info("child.started", child=self.name, pid=self._process.pid)

    def tend(self) -> None:
        """Restart the process if it died and its pause is over."""
        now = time.monotonic()
        if self._process is None or self._process.poll() is None:
            return
        if not self._restart_at:
            if now - self._started > _STEADY:
                self._pause = _FIRST_PAUSE
            log.warning("child.died", child=self.name, code=self._process.returncode, pause=self._pause)
            self._restart_at = now + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        if now >= self._restart_at:
            self._restart_at = 0.0
            self.start()

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._process is not None and self.is_running:
            self._process.terminate()

    def wait_or_kill(self, *, deadline: float) -> None:
        """Wait for the end until `time.monotonic()` passes `deadline`, then SIGKILL the process and its group."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("child.killed", child=self.name)
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def stop_children(children: Sequence[Child], *, hurry: bool = False) -> None:
    """Ask all to end, then wait for each."""
    for child in children:
        child.ask_to_end()
    start = time.monotonic()
    for child in children:
        child.wait_or_kill(deadline=start + (1.0 if hurry else child.stop_seconds))


def rotate(path: Path) -> None:
    """Put a log that has grown large aside; one older log is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if path.stat().st_size > _LOG_LIMIT:
            path.rename(path.with_suffix(".old.log"))


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
