"""A file in a bucket as a file object: read by pieces, so that memory is bounded and a slow reader holds nothing."""

import io
from collections.abc import Callable
from functools import partial

PIECE = 1024 * 1024  # bytes that are asked for at once


class Pieces(io.RawIOBase):
    """A file of `size` bytes. `ask` gives the bytes from a place up to another."""

    def __init__(self, ask: Callable[[int, int], bytes], size: int) -> None:
        super().__init__()
        self._ask = ask
        self._size = size
        self._place = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; the new place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """The place."""
        return self._place

    def readall(self) -> bytes:
        """The rest. The language's own way asks for some kilobytes at a time."""
        return b"".join(iter(partial(self._next, PIECE), b""))

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # typeshed's Buffer is private
        """Read at most a piece; how many bytes. Raises what `ask` raises."""
        found = self._next(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def _next(self, most: int) -> bytes:
        end = min(self._place + min(most, PIECE), self._size)
        found = self._ask(self._place, end) if end > self._place else b""
        self._place += len(found)
        return found
