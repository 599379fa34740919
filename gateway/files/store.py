"""A store of files by the sum of their content, as the rest of the program sees it: raw mail and sounds.

Promises, whatever stands behind it: a file is put under its sum, and putting it twice is doing it once; what `settle`
does not name would survive a power cut of ours; a name says nothing about anybody. An entry leaves the spool only after
the files that it brought are settled.

`gateway.files.local` keeps them below the data folder, `gateway.files.s3` in a bucket for several machines.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from gateway.errors import Deferred, NotFound

_SUM = 64  # letters of a sha256 in hex


class StoreTrouble(Deferred):
    """The store of files does not answer, or refuses us. Nothing is known about the file; another try may do.

    `cause` is for the operator: an HTTP status, or the kind of an error; empty where neither is known.
    """

    def __init__(self, message: str, *, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


class Kind(StrEnum):
    """What a file is; its value is the folder, here and in a bucket."""

    MAIL = "archive"
    SOUND = "messages"

    @property
    def ending(self) -> str:
        """How its names end."""
        return ".wav" if self is Kind.SOUND else ""


@dataclass(frozen=True, kw_only=True, order=True)
class FileName:
    """A file's name: what it is, and a sum. Of a sound it is that of the file, of a raw mail that of the payload."""

    kind: Kind
    sha256: str

    def __post_init__(self) -> None:
        # What comes from outside never becomes a path.
        if len(self.sha256) != _SUM or not set(self.sha256) <= set("0123456789abcdef"):
            raise NotFound("not a sha256")

    @property
    def key(self) -> str:
        """Its path below the data folder, and its key in a bucket."""
        return f"{self.kind}/{self.sha256[:2]}/{self.sha256}{self.kind.ending}"


def name_of(key: str) -> FileName | None:
    """The name that has this key; None for what is not ours."""
    folder, _, rest = key.partition("/")
    try:
        kind = Kind(folder)
        name = FileName(kind=kind, sha256=rest[3:].removesuffix(kind.ending))
    except (ValueError, NotFound):
        return None
    return name if name.key == key else None


def mail_name(sha256: str) -> FileName:
    """The name of a raw mail. Raises NotFound for what is no sum."""
    return FileName(kind=Kind.MAIL, sha256=sha256)


def sound_name(sha256: str) -> FileName:
    """The name of a voice message. Raises NotFound for what is no sum."""
    return FileName(kind=Kind.SOUND, sha256=sha256)


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is to be kept: `size` bytes, made when they are asked for.

    `file` is one on the spool's filesystem that holds exactly these bytes and may be linked; None where there is none.
    """

    size: int
    chunks: Callable[[], tuple[bytes, ...]]
    file: Path | None = None


def content_of(*chunks: bytes) -> Content:
    """Bytes that are there already."""
    return Content(size=sum(map(len, chunks)), chunks=lambda: chunks)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A file that is there: its size in bytes, and when it was last put."""

    name: FileName
    size: int
    at: datetime


class FileStore(Protocol):
    """Every method but `put` may wait for the network, for a bounded time, and raises StoreTrouble then."""

    @property
    def width(self) -> int:
        """How many files are worth reading at once."""

    def put(self, name: FileName, content: Content) -> None:
        """Begin to keep a file. What is there already under this name is replaced, or is the same.

        Raises OSError or StoreTrouble. Until this thread's `settle`, nothing is certain.
        """

    def settle(self) -> frozenset[FileName]:
        """Wait until what this thread has put is durable; the names of what is not. Raises OSError."""

    def read(self, name: FileName) -> bytes:
        """The whole file. Raises NotFound, StoreTrouble."""

    def open(self, name: FileName) -> BinaryIO:
        """The file to read and to seek in, a bounded part in memory at a time. Raises NotFound, StoreTrouble."""

    def find(self, name: FileName) -> Stored | None:
        """What is known of a file; None where it is not there. Raises StoreTrouble."""

    def forget(self, name: FileName, *, before: datetime | None = None) -> bool:
        """Delete a file, or only if it was last put before a moment. False where nothing was. Raises StoreTrouble."""

    def listed(self, kind: Kind) -> Iterator[Stored]:
        """Everything of a kind, in no order. Raises StoreTrouble."""

    def require_up(self) -> None:
        """Raises StoreTrouble where the store does not answer within some seconds, or not to us."""

    def close(self) -> None:
        """Let go of what is open."""


def settle_all(store: FileStore) -> None:
    """Wait until all that this thread has put is durable. Raises StoreTrouble, OSError."""
    lost = store.settle()
    if lost:
        raise StoreTrouble(f"{len(lost)} files could not be kept")
