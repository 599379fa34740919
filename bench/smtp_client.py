"""A load of SMTP sessions from one thread: each says what an ordinary client says, and waits for every answer.

It takes little time of its own, so that the server is what is measured. It does not send ahead (PIPELINING),
because stock aiosmtpd does not offer it.
"""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Load:
    """So many mails over so many connections at once, a new connection after `mails_per_connection`."""

    sessions: int
    mails: int
    mails_per_connection: int
    content: bytes
    recipient: str = "support@demo.example"

    def dialogue(self) -> Iterator[tuple[bytes, bytes]]:
        """What is said on one connection, and the code that must answer; the first answer is the greeting."""
        yield b"", b"220"
        yield b"EHLO client.example\r\n", b"250"
        for _ in range(self.mails_per_connection):
            yield b"MAIL FROM:<marie@client.example>\r\n", b"250"
            yield b"RCPT TO:<" + self.recipient.encode() + b">\r\n", b"250"
            yield b"DATA\r\n", b"354"
            yield self.content + b"\r\n.\r\n", b"250"
        yield b"QUIT\r\n", b"221"


class UnexpectedReply(Exception):
    """The server did not answer as it should."""


class _Session:
    """One connection after another."""

    def __init__(self, port: int, load: Load) -> None:
        self._port = port
        self._load = load
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._dialogue = self._load.dialogue()
        self._said, self._expected = next(self._dialogue)

    def answered(self) -> tuple[bool, bool]:
        """Take one answer and go on; whether it was the answer to a mail, and whether the connection goes on."""
        reply = self._read()
        if not reply.startswith(self._expected):
            raise UnexpectedReply(reply.decode(errors="replace"))
        is_mail = self._said.endswith(b"\r\n.\r\n")
        self._said, self._expected = next(self._dialogue, (b"", b""))
        if self._said:
            self.socket.sendall(self._said)
        return is_mail, bool(self._said)

    def _read(self) -> bytes:
        reply = b""
        # The last line of a reply has a space after its code.
        while not reply.endswith(b"\r\n") or reply[reply.rfind(b"\n", 0, -1) + 4 :][:1] != b" ":
            chunk = self.socket.recv(65536)
            if not chunk:
                raise UnexpectedReply("the server closed the connection")
            reply += chunk
        return reply


def run_load(port: int, load: Load) -> float:
    """Send the load; mails a second, all answered."""
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        for _ in range(load.sessions):
            session = _Session(port, load)
            selector.register(session.socket, selectors.EVENT_READ, session)
        answered = 0
        while answered < load.mails:
            for key, _ in selector.select():
                session = key.data
                is_mail, goes_on = session.answered()
                answered += is_mail
                if not goes_on:
                    selector.unregister(session.socket)
                    session.socket.close()
                    session.connect()
                    selector.register(session.socket, selectors.EVENT_READ, session)
        seconds = time.perf_counter() - started
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    return answered / seconds
