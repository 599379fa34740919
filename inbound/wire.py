"""What comes over the wire, cut into command lines and mails, in bounded memory.

Bytes are taken as they arrive and searched once; a peer that sends ahead of us waits when enough is held. Only
CRLF.CRLF ends a mail (RFC 5321 section 4.1.1.4): a server that also took `\\n.\\n` for an end could be made to see
a second mail inside the first (SMTP smuggling).
"""

import asyncio

MAX_COMMAND = 2048  # bytes; RFC 5321 section 4.5.3.1.4 wants 512, extensions add to it
_AHEAD = 128 * 1024  # bytes held for somebody who is busy before the peer has to wait
_END = b"\r\n.\r\n"


class EndOfStream(Exception):
    """The peer will send no more."""


class Wire:
    """One connection's bytes from the peer: `feed` takes what arrives, one reader at a time takes it out."""

    def __init__(self, transport: asyncio.ReadTransport, *, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._buffer = bytearray()
        self._ended = False
        self._paused = False
        self._wanted: asyncio.Future[None] | None = None

    def feed(self, data: bytes) -> None:
        """More arrived."""
        self._buffer += data
        if self._wanted is not None:
            self._wake()
        elif len(self._buffer) > _AHEAD and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def end(self) -> None:
        """Nothing more will arrive."""
        self._ended = True
        self._wake()

    def discard(self) -> None:
        """Forget what the peer sent ahead: nothing said in clear may count after STARTTLS (RFC 3207 section 4.2)."""
        self._buffer.clear()
        self._let_send()

    def continue_over(self, transport: asyncio.ReadTransport) -> None:
        """The bytes come through another transport from now on."""
        self._transport = transport

    async def line(self) -> bytes | None:
        """The next command without its line end; None for one longer than MAX_COMMAND, which is gone then.

        A bare LF ends a command too, as it always did for people with a terminal. Raises EndOfStream.
        """
        buffer = self._buffer
        too_long = False
        while (end := buffer.find(b"\n")) < 0:
            if len(buffer) > MAX_COMMAND:
                too_long = True
                buffer.clear()
            await self._more()
        line = bytes(buffer[:end]).rstrip(b"\r")
        del buffer[: end + 1]
        return None if too_long or len(line) > MAX_COMMAND else line

    async def message(self, max_size: int) -> bytes | None:
        """The mail up to its end, dots unstuffed; None for one of more than `max_size` bytes, which is gone then.

        Lines may have any length. Raises EndOfStream: half a mail is no mail.
        """
        buffer = self._buffer
        # A mail may begin with the dot that ends it, so a line end is thought in front of it.
        buffer[:0] = b"\r\n"
        too_large = False
        searched = 0
        while (end := buffer.find(_END, searched)) < 0:
            if len(buffer) > max_size + len(_END):
                too_large = True
                del buffer[: 1 - len(_END)]
            searched = max(0, len(buffer) - len(_END) + 1)
            await self._more()
        content = None if too_large or end > max_size else bytes(memoryview(buffer)[: end + 2])
        del buffer[: end + len(_END)]
        return None if content is None else _unstuffed(content)

    async def _more(self) -> None:
        if self._ended:
            raise EndOfStream
        self._let_send()
        self._wanted = self._loop.create_future()
        await self._wanted

    def _let_send(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        wanted, self._wanted = self._wanted, None
        # The reader may have been cancelled while it waited.
        if wanted is not None and not wanted.done():
            wanted.set_result(None)


def _unstuffed(data: bytes) -> bytes:
    """Take off the line end in front, and the dot that the peer put before a line's own (section 4.5.2)."""
    if b"\r\n." in data:
        data = data.replace(b"\r\n.", b"\r\n")
    return data[2:]
