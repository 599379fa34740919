"""The wish to stop, for threads that wait for time and for threads that wait for a socket."""

import socket
import threading


class Stop:
    """`asked` is set and `readable` can be read once `ask` was called; nobody reads it, so every thread wakes."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.readable, self._writable = socket.socketpair()

    def ask(self) -> None:
        """Ask all to stop. Safe in a signal handler, and twice."""
        if not self.asked.is_set():
            self.asked.set()
            self._writable.send(b".")

    def close(self) -> None:
        """Let go of the sockets, once nobody waits any more."""
        self.readable.close()
        self._writable.close()
