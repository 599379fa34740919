"""Ends our children when we were killed, on systems whose kernel does not see to it (`parent.py`: Linux does).

One process for all of them. It reads on its standard input which processes there are, `+PID` and `-PID`, one a
line. The end of its input means that the supervisor is gone: whatever it still has then gets SIGTERM.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import IO


class Guardian:
    """The supervisor's end of it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway.up.guardian"], stdin=subprocess.PIPE, text=True, start_new_session=True
        )

    def watch(self, pid: int) -> None:
        """This process has begun."""
        self._say(f"+{pid}")

    def forget(self, pid: int) -> None:
        """This process has ended; its number may soon be another's."""
        self._say(f"-{pid}")

    def close(self) -> None:
        """All is over; whatever is still watched is ended."""
        with suppress(BrokenPipeError):
            self._input.close()
        self._process.wait()

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _say(self, line: str) -> None:
        with suppress(BrokenPipeError):  # without a guardian we go on as well
            self._input.write(line + "\n")
            self._input.flush()


def left_of(lines: Iterable[str]) -> set[int]:
    """The processes that began and did not end."""
    left: set[int] = set()
    for line in lines:
        pid = int(line[1:])
        if line.startswith("+"):
            left.add(pid)
        else:
            left.discard(pid)
    return left


def main() -> None:
    """Read until the supervisor is gone, then end what it left."""
    for pid in left_of(sys.stdin):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    main()
