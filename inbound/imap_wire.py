"""The bytes between us and an IMAP server: every wait has an end, every line and literal a largest size.

imaplib reads whatever size a server announces, waits as long as bytes trickle in, and keeps what it has read ahead
out of sight. This transport takes its place: it has a buffer of its own, so that whoever waits in IDLE can see what
has already arrived, and a deadline for a whole exchange beside the time limit for each word.
"""

import imaplib
import re
import select
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from imapclient import IMAPClient, SocketTimeout

_CHUNK = 64 * 1024
_LONGEST_LINE = 1024 * 1024  # bytes; the answer to a search in a large folder is one line
_LITERAL_MARGIN = 64 * 1024  # bytes; a literal may also be a name or an address list
_NEWS = re.compile(rb"\* [0-9]+ EXISTS", re.IGNORECASE)


class TooLarge(imaplib.IMAP4.abort):
    """The server announced or sent more than we take; the connection is of no more use."""


class Wire(imaplib.IMAP4):
    """One connection. `context` is None where nothing is encrypted from the start.

    `timeout` is in seconds, for each wait. `largest` is the largest literal taken, in bytes. `has_news` becomes True
    when the server says how many mails there are, in answer to whatever: it says so once, and an IDLE that begins
    later hears nothing of it.
    """

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext | None, timeout: float, largest: int) -> None:
        self._context = context
        self._timeout = timeout
        self._largest = largest
        self._deadline: float | None = None
        self._buffer = bytearray()
        self._filled_from: socket.socket | None = None
        self.has_news = False
        super().__init__(host, port, timeout)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        """Dial, and encrypt where that comes first. Raises OSError, of which ssl.SSLError is one."""
        self.host, self.port = host, port
        self.sock = socket.create_connection((host, port), timeout or self._timeout)
        if self._context is not None:
            try:
                self.sock = self._context.wrap_socket(self.sock, server_hostname=host)
            except OSError:
                self.sock.close()
                raise

    def read(self, size: int) -> bytes:
        """A literal. Raises TooLarge, TimeoutError; short at the end of the connection."""
        if size > self._largest + _LITERAL_MARGIN:
            raise TooLarge("the server sends more than the size that is taken")
        # Small pieces and one whole: several large blocks in turn would leave holes that no later mail fits into.
        pieces = [bytes(self._received()[:size])]
        del self._buffer[:size]
        left = size - len(pieces[0])
        while left:
            self._limit_wait()
            piece = self.sock.recv(min(left, _CHUNK))
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def readline(self) -> bytes:
        """A line with its end. Raises TooLarge, TimeoutError; short at the end of the connection."""
        searched = 0
        while (end := self._received().find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > _LONGEST_LINE:
                raise TooLarge("the server sends a line without an end")
            if not self._fill():
                break
        stop = len(self._buffer) if end < 0 else end + 1
        line = bytes(self._buffer[:stop])
        del self._buffer[:stop]
        self.has_news = self.has_news or _NEWS.match(line) is not None
        return line

    def send(self, data: Any) -> None:
        """Send bytes. Raises OSError."""
        self._limit_wait()
        self.sock.sendall(data)

    def shutdown(self) -> None:
        """Hang up; nothing is waited for and nothing is raised."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self.sock.close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let the whole of what happens in the block take so long at most, however the server spreads it."""
        self._deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = None

    def wait_for_word(self, seconds: float, *, or_readable: socket.socket) -> bool:
        """Wait until the server has said something; False when it is the other socket, or the time is over.

        What has been read ahead counts, also inside the encryption: it would wake nobody.
        """
        if self._received() or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            return True
        poll = select.poll()
        for watched in (self.sock, or_readable):
            poll.register(watched, select.POLLIN)
        woken = {descriptor for descriptor, _ in poll.poll(seconds * 1000)}
        return self.sock.fileno() in woken and or_readable.fileno() not in woken

    def _received(self) -> bytearray:
        # What came in the clear before STARTTLS must not be taken for what came after it (RFC 3501 section 11).
        if self._filled_from is not self.sock:
            self._buffer.clear()
            self._filled_from = self.sock
        return self._buffer

    def _fill(self) -> bool:
        self._limit_wait()
        chunk = self.sock.recv(_CHUNK)
        self._buffer += chunk
        return bool(chunk)

    def _limit_wait(self) -> None:
        left = self._timeout if self._deadline is None else self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server took too long")
        self.sock.settimeout(min(left, self._timeout))


class Client(IMAPClient):  # type: ignore[misc]  # the library has no types
    """IMAPClient on our own transport."""

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext | None, timeout: float, largest: int) -> None:
        self._context = context
        self._largest = largest
        super().__init__(
            host, port, ssl=context is not None, ssl_context=context, timeout=SocketTimeout(timeout, timeout)
        )
        self.normalise_times = False  # aware datetimes

    @property
    def wire(self) -> Wire:
        """The transport."""
        wire: Wire = self._imap
        return wire

    def _create_IMAP4(self) -> Wire:
        return Wire(self.host, self.port, context=self._context, timeout=self._timeout.connect, largest=self._largest)
