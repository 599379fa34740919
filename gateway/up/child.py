"""A process that we keep alive: started, watched, restarted with growing pauses, stopped in order.

Children end when we die, even by SIGKILL. They sit in sessions of their own, so
that Ctrl-C in a terminal reaches only us and the order of stopping is ours. Each writes to a log file of its own;
on our standard error stands only that a child died, and where its log is.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from gateway.up.guardian import Guardian
from gateway.up.parent import ending_with

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds before a restart
_STEADY = 3.0  # seconds alive after which it was in order, and the pause begins anew
_LAST_CHANCE = 1.0  # seconds between the second SIGTERM and SIGKILL
_LOOK = 0.02
_LOG_LIMIT = 10 * 1024 * 1024  # bytes; a larger log is put aside at the next start

log = structlog.get_logger()


class Child:
    """One process.

    `keep_open` are descriptors that it inherits. `stop_seconds` is its time to end. `before_restart` is called with
    the number of deaths in a row, each within seconds of its start, and may repair what the process dies of.
    `guardian` ends the process after us where the kernel does not.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_path: Path,
        keep_open: Sequence[int] = (),
        stop_seconds: float = 10.0,
        before_restart: Callable[[int], None] | None = None,
        guardian: Guardian | None = None,
    ) -> None:
        self.name = name
        self.stop_seconds = stop_seconds
        self.log_path = log_path
        self._command = list(command)
        self._keep_open = tuple(keep_open)
        self._before_restart = before_restart
        self._guardian = guardian
        self._watched: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = 0
        self._started = 0.0
        self._restart_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self.is_running else None

    @property
    def is_running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How the last process ended; None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start the process; its output is appended to the log. Raises OSError."""
        descriptor = _open_log(self.log_path)
        try:
            self._process = subprocess.Popen(  # noqa: S603  # the command is ours
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
                pass_fds=self._keep_open,
                # We have a single thread, so running Python between fork and exec is safe.
                preexec_fn=ending_with(os.getpid()),  # noqa: PLW1509 - see above
            )
        finally:
            os.close(descriptor)
        if self._guardian is not None:
            self._watched = self._process.pid
            self._guardian.watch(self._watched)
        self._started = time.monotonic()
        log.info("child.started", child=self.name, pid=self._process.pid)

    def tend(self) -> None:
        """Restart the process if it died and its pause is over. Never gives up."""
        if self._process is None or self.is_running:
            return
        now = time.monotonic()
        if self._restart_at is None:
            self._restart_at = now + self._note_death(now)
        elif now >= self._restart_at:
            self._restart_at = None
            self._restart()

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._process is not None:
            self._process.terminate()  # nothing happens where it has ended

    def wait_or_kill(self, *, since: float, hurry: Callable[[], bool]) -> None:
        """Wait for the end until `stop_seconds` after `since` (`time.monotonic()`), or until there is a hurry.

        Then SIGTERM once more, at which an RQ worker drops its job in good order, and at last SIGKILL.
        """
        self._end(since=since, hurry=hurry)
        self._forget()

    def _end(self, *, since: float, hurry: Callable[[], bool]) -> None:
        if self._ends_before(lambda: hurry() or time.monotonic() > since + self.stop_seconds):
            return
        self.ask_to_end()
        last = time.monotonic() + _LAST_CHANCE
        if self._ends_before(lambda: time.monotonic() > last) or self._process is None:
            return
        log.warning("child.killed", child=self.name)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _ends_before(self, is_over: Callable[[], bool]) -> bool:
        while self.is_running:
            if is_over():
                return False
            time.sleep(_LOOK)
        return True

    def _note_death(self, now: float) -> float:
        """Count and tell; returns the seconds to pause."""
        self._forget()
        if now - self._started > _STEADY:
            self._deaths = 0
        pause: float = min(_FIRST_PAUSE * 2**self._deaths, _LONGEST_PAUSE)
        self._deaths += 1
        log.warning("child.died", child=self.name, code=self.exit_code, pause=pause, log=str(self.log_path))
        return pause

    def _forget(self) -> None:
        if self._guardian is not None and self._watched is not None:
            self._guardian.forget(self._watched)
            self._watched = None

    def _restart(self) -> None:
        try:
            if self._before_restart is not None:
                self._before_restart(self._deaths)
            self.start()
        except OSError as error:  # no process or no disk space left: it may come back
            log.error("child.not_started", child=self.name, error=error.strerror)
            self._restart_at = time.monotonic() + _LONGEST_PAUSE


def stop_children(children: Sequence[Child], *, hurry: Callable[[], bool]) -> None:
    """Ask all to end, then wait for each; `hurry` is asked again and again."""
    for child in children:
        child.ask_to_end()
    since = time.monotonic()
    for child in children:
        child.wait_or_kill(since=since, hurry=hurry)


def _open_log(path: Path) -> int:
    """Open a log to append to, readable by us alone. One that has grown large is put aside; one older is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if path.stat().st_size > _LOG_LIMIT:
            path.rename(path.with_suffix(".old.log"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
