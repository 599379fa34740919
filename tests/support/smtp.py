"""The mail door running in a thread, and a peer that says exactly the bytes it is told to."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from gateway.runtime import Runtime
from inbound.smtpd import Ports, serve


class RunningDoor:
    """`serve` on an event loop of its own. `stop` returns when the listeners have seen everybody out."""

    def __init__(self, runtime: Runtime, loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self.runtime = runtime
        self._ready: Future[Ports] = Future()
        self._loop_factory = loop_factory
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.ports = self._ready.result(timeout=30)

    def begin_stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)

    def stop(self) -> None:
        if self._thread.is_alive():
            self.begin_stop()
        self._thread.join(timeout=30)
        assert not self._thread.is_alive(), "the door did not stop"

    def _run(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._stopping = asyncio.Event()
            await serve(self.runtime, stopping=self._stopping, ready=self._ready.set_result)

        try:
            with asyncio.Runner(loop_factory=self._loop_factory) as runner:
                runner.run(main())
        except Exception as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)


@contextmanager
def running_door(runtime: Runtime, loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[RunningDoor]:
    door = RunningDoor(runtime, loop_factory)
    door.start()
    try:
        yield door
    finally:
        door.stop()


class Peer:
    """A raw connection. `say` sends one line and returns the reply; `send` sends bytes as they are."""

    def __init__(self, port: int) -> None:
        self.socket: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._received = b""
        self.greeting = self.reply()

    def send(self, content: bytes) -> None:
        self.socket.sendall(content)

    def say(self, line: str) -> str:
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def reply(self) -> str:
        """One whole reply, of one line or more; "" when the connection was closed instead."""
        lines = []
        while line := self._line():
            lines.append(line)
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    def replies(self, number: int) -> list[str]:
        return [self.reply() for _ in range(number)]

    def begin_mail(
        self, *, sender: str = "marie@client.example", to: tuple[str, ...] = ("support@demo.example",)
    ) -> None:
        """Greet, and come as far as the 354."""
        assert self.say("EHLO client.example").startswith("250")
        assert self.say(f"MAIL FROM:<{sender}>").startswith("250")
        for recipient in to:
            assert self.say(f"RCPT TO:<{recipient}>").startswith("250")
        assert self.say("DATA").startswith("354")

    def start_tls(self, context: ssl.SSLContext) -> None:
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self) -> str:
        while b"\r\n" not in self._received:
            try:
                chunk = self.socket.recv(65536)
            except ConnectionResetError:
                return ""
            if not chunk:
                return ""
            self._received += chunk
        line, _, self._received = self._received.partition(b"\r\n")
        return line.decode()


def lets_in(port: int) -> bool:
    """Whether a new connection is served just now."""
    with Peer(port) as peer:
        return peer.greeting.startswith("220")
