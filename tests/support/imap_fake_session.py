"""A folder of the fake IMAP server, and one connection to it: the commands it knows, and its answers."""

import base64
import re
import socket
import socketserver
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from tests.support.imap_fake import FakeImap

USER, PASSWORD = "support@demo.example", "secret"


@dataclass
class Folder:
    uidvalidity: int = 1
    next_uid: int = 1
    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    arrived: dict[int, datetime] = field(default_factory=dict)

    def add(self, raw: bytes, *, at: datetime | None = None) -> int:
        uid = self.next_uid
        self.mails[uid] = raw
        self.arrived[uid] = at or datetime.now(UTC)
        self.flags[uid] = set()
        self.next_uid += 1
        return uid

    def remove(self, uid: int) -> None:
        del self.mails[uid], self.flags[uid]


class _Gone(Exception):
    """The connection is to end."""


class Session(socketserver.BaseRequestHandler):
    def setup(self) -> None:
        self.fake = cast("FakeImap", self.server.fake)  # type: ignore[attr-defined]  # the server carries the fake
        self.how = self.fake.behaviour
        self.sock: socket.socket = self.request
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.folder_name = ""
        self.told = 0

    def handle(self) -> None:
        try:
            if self.fake.tls is not None and not self.fake.starttls:
                self.sock = self.fake.tls.wrap_socket(self.sock, server_side=True)
            self.say("* OK ready")
            while True:
                self._one_command()
        except (_Gone, OSError):
            pass
        finally:
            self.sock.close()

    def _one_command(self) -> None:
        tag, _, rest = self.line().decode().partition(" ")
        words = rest.split(" ")
        name = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
        rest = rest[len(name) :].strip()
        if name == "UID FETCH":
            name = "FETCH SIZE" if "RFC822.SIZE" in rest else "FETCH BODY"
        self.how.on_command(name)
        self.fake.commands.append(name)
        refusal = self.how.refuse.get(name)
        if refusal == "BYE":
            self.say("* BYE going down")
            raise _Gone
        if refusal:
            self.say(f"{tag} {refusal}" if " " in refusal else f"{tag} {refusal} not today")
        else:
            handler = getattr(self, "do_" + name.replace(" ", "_"), None)
            answer = "BAD unknown" if handler is None else handler(rest) or "OK done"
            self._tell_news()
            self.send(f"{tag} {answer}\r\n".encode() + (self.how.slip_in if name == "STARTTLS" else b""))
            if name == "STARTTLS":
                assert self.fake.tls is not None
                self.sock = self.fake.tls.wrap_socket(self.sock, server_side=True)
        if name in self.how.drop:
            self.how.drop.remove(name)
            raise _Gone

    def _tell_news(self) -> None:
        """Say once how many mails there are, when there are more than were told of, in answer to whatever it is."""
        if self.folder_name:
            number = len(self.folder.mails)
            if number > self.told:
                self.say(f"* {number} EXISTS")
            self.told = number

    @property
    def folder(self) -> Folder:
        return self.fake.folders[self.folder_name]

    def do_CAPABILITY(self, _rest: str) -> None:
        extra = ("STARTTLS",) if self.fake.starttls else ()
        self.say("* CAPABILITY " + " ".join(("IMAP4rev1", *self.how.capabilities, *extra)))

    def do_STARTTLS(self, _rest: str) -> None:
        pass

    def do_NOOP(self, _rest: str) -> None:
        pass

    def do_LOGIN(self, rest: str) -> str | None:
        return None if PASSWORD in rest else "NO [AUTHENTICATIONFAILED] no"

    def do_AUTHENTICATE(self, rest: str) -> str | None:
        assert rest.upper() == "XOAUTH2"
        self.say("+ ")
        words = base64.b64decode(self.line()).decode()
        found = re.fullmatch("user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01", words)
        if found is not None and found[1] == USER and self.how.accepts_token(found[2]):
            return None
        self.say("+ " + base64.b64encode(b'{"status":"400"}').decode())
        assert self.line() == b"", "an empty answer is owed to the error"
        return "NO AUTHENTICATE failed"

    def do_SELECT(self, rest: str) -> str | None:
        name = rest.strip('"')
        with self.fake.lock:
            if name not in self.fake.folders:
                return "NO no such folder"
            self.folder_name = name
            self.told = len(self.folder.mails)
            self.say(f"* {self.told} EXISTS")
            self.say("* FLAGS (\\Seen \\Deleted)")
            self.say(f"* OK [UIDVALIDITY {self.folder.uidvalidity}] valid")
            self.say(f"* OK [UIDNEXT {self.folder.next_uid}] next")
        return "OK [READ-WRITE] done"

    def do_EXAMINE(self, rest: str) -> str | None:
        answer = self.do_SELECT(rest)
        return answer and answer.replace("READ-WRITE", "READ-ONLY")

    def do_LIST(self, rest: str) -> None:
        name = rest.rsplit(" ", maxsplit=1)[-1].strip('"')
        if name in self.fake.folders:
            self.say(f'* LIST () "/" "{name}"')

    def do_CREATE(self, rest: str) -> None:
        with self.fake.lock:
            self.fake.folders[rest.strip('"')] = Folder()

    def do_UID_SEARCH(self, rest: str) -> None:
        found = re.search(r"(\d+):\*", rest)
        assert found is not None
        with self.fake.lock:
            uids = sorted(self.folder.mails)
            wanted = [uid for uid in uids if uid >= int(found[1])] or uids[-1:]
        self.say("* SEARCH " + " ".join(map(str, wanted)))

    def do_FETCH_SIZE(self, rest: str) -> None:
        for number, uid in self._named(rest):
            size = self.how.stated_size or len(self.folder.mails[uid])
            at = self.folder.arrived[uid].strftime("%d-%b-%Y %H:%M:%S +0000")
            self.say(f'* {number} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE "{at}")')

    def do_FETCH_BODY(self, rest: str) -> None:
        for number, uid in self._named(rest):
            if uid in self.how.withheld:
                continue
            raw, item = self.folder.mails[uid], "BODY[]"
            if "HEADER" in rest:
                raw, item = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "BODY[HEADER]"
            announced = len(raw) if self.how.announced is None else self.how.announced
            self.send(f"* {number} FETCH (UID {uid} {item} {{{announced}}}\r\n".encode() + raw + b")\r\n")

    def do_UID_COPY(self, rest: str) -> str | None:
        uids, _, name = rest.partition(" ")
        with self.fake.lock:
            target = self.fake.folders.get(name.strip('"'))
            if target is None:
                return "NO [TRYCREATE] no such folder"
            for _, uid in self._named(uids):
                target.add(self.folder.mails[uid])
        return None

    def do_UID_MOVE(self, rest: str) -> str | None:
        answer = self.do_UID_COPY(rest)
        if answer is None:
            with self.fake.lock:
                self._remove([uid for _, uid in self._named(rest)])
        return answer

    def do_UID_STORE(self, rest: str) -> None:
        with self.fake.lock:
            for _, uid in self._named(rest):
                self.folder.flags[uid] |= set(re.findall(r"\\\w+", rest))

    def do_UID_EXPUNGE(self, rest: str) -> None:
        with self.fake.lock:
            self._remove([uid for _, uid in self._named(rest) if "\\Deleted" in self.folder.flags[uid]])

    def _remove(self, uids: list[int]) -> None:
        # Done before it is told of: a client that is gone must not leave half of it undone.
        numbers = []
        for uid in uids:
            numbers.append(sorted(self.folder.mails).index(uid) + 1)
            self.folder.remove(uid)
        self.told -= len(uids)
        for number in numbers:
            self.say(f"* {number} EXPUNGE")

    def do_IDLE(self, _rest: str) -> None:
        with self.fake.changed:
            self.say("+ idling")
            self.sock.settimeout(0.02)
            while True:
                try:
                    assert self.line() == b"DONE"
                    break
                except TimeoutError:
                    pass
                self._tell_news()
                self.fake.changed.wait(0.02)
            self.sock.settimeout(None)

    def _named(self, rest: str) -> list[tuple[int, int]]:
        """Sequence number and UID of the mails that a set names."""
        wanted: set[int] = set()
        for part in rest.split(" ", maxsplit=1)[0].split(","):
            first, _, last = part.partition(":")
            wanted |= set(range(int(first), int(last or first) + 1))
        with self.fake.lock:
            present = sorted(self.folder.mails)
        return [(number, uid) for number, uid in enumerate(present, 1) if uid in wanted]

    def say(self, line: str) -> None:
        self.send(line.encode() + b"\r\n")

    def send(self, content: bytes) -> None:
        step = self.how.piece or len(content)
        pause = threading.Event()
        for start in range(0, len(content), step):
            self.sock.sendall(content[start : start + step])
            if self.how.pause:
                pause.wait(self.how.pause)

    def line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise _Gone
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line
