"""What comes over the wire, cut into command lines and mails, in bounded memory.

Bytes are taken as they arrive and searched once. Only CRLF.CRLF ends a mail (RFC 5321 section 4.1.1.4): a
server that also took `\\n.\\n` for an end could be made to see a second mail inside the first (SMTP smuggling).
"""

import asyncio

MAX_COMMAND = 2048  # bytes; RFC 5321 section 4.5.3.1.4 wants 512, extensions add to it
_CHUNK = 1 << 20  # more than the reader ever holds, so that one read takes all there is
_END = b"\r\n.\r\n"


class EndOfStream(Exception):
    """The peer will send no more."""


class Wire:
    """One connection's bytes from the peer."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._buffer = bytearray()

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
            buffer += await self._read()
        line = bytes(buffer[:end]).rstrip(b"\r")
        del buffer[: end + 1]
        return None if too_long or len(line) > MAX_COMMAND else line

    async def message(self, max_size: int) -> bytes | None:
        """The mail up to its end, dots unstuffed; None for one of more than `max_size` bytes, which is gone then.

        Lines may have any length. Raises EndOfStream: half a mail is no mail.
        """
        # A mail may begin with the dot that ends it, so a line end is thought in front of it.
        data = bytearray(b"\r\n") + self._buffer
        self._buffer.clear()
        too_large = False
        searched = 0
        while (end := data.find(_END, searched)) < 0:
            if len(data) > max_size + len(_END):
                too_large = True
                del data[: 1 - len(_END)]
            searched = max(0, len(data) - len(_END) + 1)
            data += await self._read()
        self._buffer += data[end + len(_END) :]
        if too_large or end > max_size:
            return None
        del data[end + 2 :]
        return _unstuffed(data)

    def discard(self) -> None:
        """Forget what the peer sent ahead: nothing said in clear may count after STARTTLS (RFC 3207 section 4.2)."""
        self._buffer.clear()
        self._reader._buffer.clear()  # type: ignore[attr-defined]

    async def _read(self) -> bytes:
        chunk = await self._reader.read(_CHUNK)
        if not chunk:
            raise EndOfStream
        return chunk


def _unstuffed(data: bytearray) -> bytes:
    """Take off the line end in front, and the dot that the peer put before a line's own (section 4.5.2)."""
    if b"\r\n." in data:
        data = data.replace(b"\r\n.", b"\r\n")
    return bytes(memoryview(data)[2:])
