"""The life of one connection: aiosmtpd's protocol class with its traps closed.

What we keep of aiosmtpd is the plumbing of a connection and the names of its commands. Ours are: reading (bounded,
see `wire.py`), timeouts, limits, an orderly end, and what happens when something of ours breaks: 451 with an
incident number, because a peer that hears 5xx gives the mail up, and an exception's text is none of its business.

Most of what aiosmtpd spends on a mail goes into reading it line by line, and into searching itself for commands
and hooks at every new connection. We look at what arrived once, and at a class once.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import structlog
from aiosmtpd.smtp import SMTP

from gateway.domain.ticket import Channel
from gateway.ids import random32
from inbound import replies
from inbound.door import Door
from inbound.limits import PeerLimits
from inbound.paths import Declined
from inbound.wire import EndOfStream, Wire

_LINGER = 5.0  # seconds that a peer has to read our last words
_COMMAND = "smtp_"

log = structlog.get_logger()


class Crowd:
    """The connections that are open now, so that a listener can see the last one out."""

    def __init__(self) -> None:
        self._members: set[Connection] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def add(self, connection: "Connection") -> None:
        """A connection was opened."""
        self._members.add(connection)
        self._empty.clear()

    def discard(self, connection: "Connection") -> None:
        """A connection is closed. Twice is once."""
        self._members.discard(connection)
        if not self._members:
            self._empty.set()

    async def send_home(self, *, seconds: float) -> None:
        """Idle connections end now, others after the mail under way; what is left after `seconds` is cut off."""
        for connection in list(self._members):
            connection.finish_soon()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), seconds)
        for connection in list(self._members):
            connection.cut_off()
        await self._empty.wait()


@dataclass(frozen=True, kw_only=True)
class Listener:
    """What all connections of one listener share. `tls` is None where STARTTLS is not offered."""

    door: Door
    limits: PeerLimits
    tls: ssl.SSLContext | None
    crowd: Crowd


class Connection(SMTP):
    """One connection. What it understands is up to the subclass."""

    channel: Channel
    protocol_name: str
    commands: ClassVar[dict[bytes, Callable[[Any, str], Awaitable[None]]]]

    def __init_subclass__(cls) -> None:
        """Make the table of the commands, from the methods named like aiosmtpd's."""
        names = (name for name in dir(cls) if name.startswith(_COMMAND))
        cls.commands = {name.removeprefix(_COMMAND).encode(): getattr(cls, name) for name in names}

    def __init__(self, listener: Listener, *, loop: asyncio.AbstractEventLoop) -> None:
        settings = listener.door.settings
        # We have no handler with hooks: what aiosmtpd would ask one is answered by methods of ours.
        super().__init__(self, hostname=settings.hostname, timeout=settings.command_timeout, loop=loop)
        self.listener = listener
        self.settings = settings
        self.peer = listener.limits.identify("")
        self.encrypted = False
        self._admitted = False
        self._errors = 0
        self._deadline = 0.0
        self._executing = False
        self._stopping = False
        self._reads_slowly = False
        self._hung_up: asyncio.TimerHandle | None = None

    def __dir__(self) -> list[str]:
        """Nothing: aiosmtpd would look for commands and hooks here, member by member, for every new connection."""
        return []

    @property
    def in_transaction(self) -> bool:
        """True from MAIL until the mail is answered or given up. For the session to say, which knows mail."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the peer in; one too many is told so and sent away."""
        address = transport.get_extra_info("peername")
        self.peer = self.listener.limits.identify(address[0] if address else "")
        self._admitted = self.listener.limits.connect(self.peer)
        self.listener.crowd.add(self)
        self.wire = Wire(cast(asyncio.ReadTransport, transport), loop=self.loop)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Count the peer out."""
        if self._admitted:
            self.listener.limits.disconnect(self.peer)
            self._admitted = False
        self.listener.crowd.discard(self)
        if self._hung_up is not None:
            self._hung_up.cancel()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """The peer sent something."""
        self.wire.feed(data)

    def eof_received(self) -> bool:
        """The peer will send no more, but may wait for answers to what it sent (aiosmtpd would drop it here)."""
        self.wire.end()
        return not self.encrypted

    def pause_writing(self) -> None:
        """The peer does not read what we say."""
        self._reads_slowly = True
        super().pause_writing()

    def resume_writing(self) -> None:
        """The peer has read enough."""
        self._reads_slowly = False
        super().resume_writing()

    async def push(self, status: str | bytes) -> None:
        """Send a reply, of one line or more, and wait while the peer is slow to read."""
        line = status.encode() if isinstance(status, str) else status
        if line.startswith(b"5"):
            self._errors += 1
        self._writer.write(line + b"\r\n")
        if self._reads_slowly:
            await self._writer.drain()

    def finish_soon(self) -> None:
        """Say goodbye now, or after the mail that is under way."""
        self._stopping = True
        if not self._executing and not self.in_transaction:
            self.hang_up(replies.SHUTTING_DOWN)

    def hang_up(self, last_words: str) -> None:
        """Say why, and close; a peer that does not even read that is cut off a little later."""
        if self.transport is None or self._hung_up is not None:
            return
        self._writer.write(last_words.encode() + b"\r\n")
        self._writer.close()
        self._hung_up = self.loop.call_later(_LINGER, self.cut_off)

    def cut_off(self) -> None:
        """Close without waiting for anything."""
        if self.transport is not None:
            self._writer.transport.abort()

    def incident(self, error: Exception) -> str:
        """Write an error of ours down under a number; the reply that carries the number and nothing else."""
        number = random32(8)
        log.error("smtp.incident", incident=number, channel=self.channel.value, exc_info=error)
        return replies.incident(number)

    async def _handle_client(self) -> None:
        if not self._admitted:
            self.hang_up(replies.TOO_MANY_CONNECTIONS)
            return
        # A peer that goes away in the middle is no trouble of ours: what it did not finish never was.
        with suppress(ConnectionError, EndOfStream):
            await self.push(replies.greeting(self.hostname, self.protocol_name))
            while self._hung_up is None:
                await self._answer_one()
        self._writer.close()

    async def _answer_one(self) -> None:
        line = await self.wire.line()
        self._executing = True
        try:
            await self._execute(line)
        except Declined as declined:
            await self.push(declined.reply)
        except (ConnectionError, EndOfStream):
            raise
        except Exception as error:  # noqa: BLE001 - the boundary: whatever breaks, the peer hears 451 and comes again
            await self.push(self.incident(error))
        finally:
            self._executing = False
        self._reset_timeout()
        if self._errors >= self.settings.max_errors:
            self.hang_up(replies.TOO_MANY_ERRORS)
        elif self._stopping:
            self.finish_soon()

    async def _execute(self, line: bytes | None) -> None:
        if line is None:
            raise Declined(replies.LINE_TOO_LONG)
        verb, _, argument = line.partition(b" ")
        command = self.commands.get(verb.upper())
        if command is None:
            raise Declined(replies.UNKNOWN_COMMAND)
        await command(self, argument.strip().decode("utf-8", "replace"))

    def _reset_timeout(self, duration: float | None = None) -> None:
        # Called for every command: moving a number is cheaper than replacing a timer.
        self._deadline = self.loop.time() + (duration or self._timeout_duration)
        if self._timeout_handle is None or self._deadline < self._timeout_handle.when():
            self._wait_for_deadline()

    def _wait_for_deadline(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._deadline:
            self._wait_for_deadline()
        else:
            self.hang_up(replies.TIMED_OUT)
