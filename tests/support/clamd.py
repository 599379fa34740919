"""A daemon that speaks clamd's INSTREAM over a Unix socket or TCP, and finds what a test tells it to find."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.config.mail_checks import AntivirusSettings

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class ClamServer:
    """One scan after the other. `seen` holds what was sent; `says` replaces every answer, `hears` is how many bytes it
    takes before it answers and hangs up, and with `is_silent` it takes everything and says nothing."""

    def __init__(self, listener: socket.socket) -> None:
        self.seen: list[bytes] = []
        self.says: bytes | None = None
        self.hears: int | None = None
        self.is_silent = False
        self._listener = listener
        self._stop, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="clamd", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._wake.close()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._stop.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                self._scan(connection, stream.read)

    def _scan(self, connection: socket.socket, read: Callable[[int], bytes]) -> None:
        assert read(10) == b"zINSTREAM\0"
        content = b""
        while (length := struct.unpack("!I", read(4))[0]) and (self.hears is None or len(content) < self.hears):
            content += read(length)
        self.seen.append(content)
        if self.is_silent:
            self._stop.recv(1)
            return
        found = b"stream: Eicar-Test-Signature FOUND" if EICAR in content else b"stream: OK"
        connection.sendall((found if self.says is None else self.says) + b"\0")


@contextmanager
def scanning(path: Path | None = None) -> Iterator[tuple[ClamServer, AntivirusSettings]]:
    """A daemon on this Unix socket, or on a loopback port, and the settings that reach it."""
    if path is not None:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        settings = AntivirusSettings(socket=path)
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        settings = AntivirusSettings(host="127.0.0.1", port=listener.getsockname()[1])
    listener.listen()
    server = ClamServer(listener)
    server.start()
    try:
        yield server, settings
    finally:
        server.stop()
