"""A load of SMTP sessions from one thread: each says what an ordinary client says, and waits for every answer.

It takes little time of its own, so that the server is what is measured. With `pipelining` it sends MAIL, RCPT and
DATA together where the server offers that (RFC 2920), as mail servers do; stock aiosmtpd does not offer it.
"""

import selectors
import socket
import time
from collections.abc import Generator
from dataclasses import dataclass

Step = tuple[bytes, tuple[bytes, ...]]  # what is said, and the codes of the replies that must come


@dataclass(frozen=True, kw_only=True)
class Load:
    """So many mails over so many connections at once, a new connection after `mails_per_connection`."""

    sessions: int
    mails: int
    mails_per_connection: int
    content: bytes
    recipient: str = "support@demo.example"
    pipelining: bool = False

    def dialogue(self) -> Generator[Step, bytes, None]:
        """What is said on one connection; it is sent the replies. The first is the greeting."""
        yield b"", (b"220",)
        offers = yield b"EHLO client.example\r\n", (b"250",)
        start = (
            (b"MAIL FROM:<marie@client.example>\r\n", b"250"),
            (b"RCPT TO:<" + self.recipient.encode() + b">\r\n", b"250"),
            (b"DATA\r\n", b"354"),
        )
        for _ in range(self.mails_per_connection):
            if self.pipelining and b"PIPELINING" in offers:
                yield b"".join(said for said, _ in start), tuple(code for _, code in start)
            else:
                for said, code in start:
                    yield said, (code,)
            yield self.content + b"\r\n.\r\n", (b"250",)
        yield b"QUIT\r\n", (b"221",)


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
        """Take the answers and go on; whether a mail was answered, and whether the connection goes on."""
        replies = self._read()
        is_mail = self._said.endswith(b"\r\n.\r\n")
        try:
            self._said, self._expected = self._dialogue.send(replies)
        except StopIteration:
            return is_mail, False
        self.socket.sendall(self._said)
        return is_mail, True

    def _read(self) -> bytes:
        received = b""
        while True:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise UnexpectedReply("the server closed the connection")
            received += chunk
            # The last line of a reply has a space after its code.
            codes = tuple(line[:3] for line in received.split(b"\r\n")[:-1] if line[3:4] == b" ")
            if codes != self._expected[: len(codes)]:
                raise UnexpectedReply(received.decode(errors="replace"))
            if len(codes) == len(self._expected) and received.endswith(b"\r\n"):
                return received


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
