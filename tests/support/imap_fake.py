"""An IMAP server that does what real ones do on bad days, on command: see `Behaviour`.

It knows as much of RFC 3501 as the poller says, with the extensions that are asked for, and keeps mail in memory.
"""

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.imap_fake_session import Folder, Session

MANY = ("IDLE", "MOVE", "UIDPLUS")


@dataclass(kw_only=True)
class Behaviour:
    """What is wrong with the server.

    `piece` bytes at most are sent at a time, with `pause` seconds in between. `on_command` is called with each
    command's name before it is answered. `refuse` answers a command NO, BAD or BYE. `drop` closes the connection
    after a command's answer, once for each name in it. `stated_size` is what RFC822.SIZE says of every mail;
    `announced` is the literal's size where it is not the mail's. `withheld` UIDs are listed and never handed over.
    `slip_in` is sent in the clear behind the answer to STARTTLS. `accepts_token` decides about XOAUTH2.
    """

    capabilities: tuple[str, ...] = MANY
    piece: int = 0
    pause: float = 0.0
    on_command: Callable[[str], None] = lambda _name: None
    refuse: dict[str, str] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)
    stated_size: int | None = None
    announced: int | None = None
    withheld: frozenset[int] = frozenset()
    slip_in: bytes = b""
    accepts_token: Callable[[str], bool] = lambda _token: False


class FakeImap:
    """The server. `commands` are all that were said to it, in order, by name."""

    def __init__(self, behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, starttls: bool = False) -> None:
        self.behaviour = behaviour
        self.tls, self.starttls = tls, starttls
        self.folders: dict[str, Folder] = {"INBOX": Folder()}
        self.commands: list[str] = []
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.fake = self  # type: ignore[attr-defined]  # the server carries the fake
        self.port: int = self._server.server_address[1]

    def deliver(self, raw: bytes, *, folder: str = "INBOX") -> int:
        with self.changed:
            uid = self.folders.setdefault(folder, Folder()).add(raw)
            self.changed.notify_all()
        return uid

    def content(self, folder: str = "INBOX") -> list[bytes]:
        with self.lock:
            return list(self.folders[folder].mails.values()) if folder in self.folders else []

    def flags(self, uid: int, folder: str = "INBOX") -> set[str]:
        with self.lock:
            return set(self.folders[folder].flags[uid])

    def start(self) -> None:
        threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.05), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def fake_imap(
    behaviour: Behaviour | None = None, *, tls: ssl.SSLContext | None = None, starttls: bool = False
) -> Iterator[FakeImap]:
    server = FakeImap(behaviour or Behaviour(), tls=tls, starttls=starttls)
    server.start()
    try:
        yield server
    finally:
        server.stop()
