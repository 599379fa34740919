"""Files in a bucket of an S3-compatible store: for several machines without a shared file system.

- An object is put if none is there (`If-None-Match: *`): it is whole or it is not there, and its content is its name.
  One that is there and old is put again, so that what was kept just now never has the age of what it repeats.
- Uploads go side by side, with at most `_ROOM` bytes in memory; `settle` waits for those of its thread and names what
  failed.
- A request is tried again while that makes sense, and given up after one and a half times `limit` seconds. After a read
  that got no answer reads fail at once for some seconds, then one of them finds out: a store that hangs holds one page.
- Bytes on the way are guarded by the request's signature, which covers their sum; bytes at rest by the sum in the name.
"""

import io
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import BinaryIO, TypeVar

import structlog

from gateway.errors import NotFound
from gateway.files.s3_client import Bucket, Client, IsThere, NoAnswer
from gateway.files.s3_reader import PIECE, Pieces
from gateway.files.store import Content, FileName, Kind, Stored, StoreTrouble, name_of

_ROOM = 64 * 1024 * 1024  # bytes that wait for their upload at most; one file may be larger
_OLD = timedelta(days=1)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between tries
_SHUT = 3.0  # seconds without a read after one got no answer
_PROBE = 1.5  # seconds for the question whether the store is there

T = TypeVar("T")
log = structlog.get_logger()


class S3Files:
    """The files of a bucket. Nothing is dialled before the first use, which must come after any fork."""

    def __init__(self, bucket: Bucket, *, limit: float, width: int) -> None:
        self.width = width
        self._bucket = bucket
        self._limit = limit
        self._lock = threading.Lock()
        self._clients: dict[float, Client] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._room = threading.Condition()
        self._taken = 0
        self._shut_until = 0.0
        self._mine = threading.local()

    def put(self, name: FileName, content: Content) -> None:
        """See FileStore. Waits while too much is under way."""
        with self._room:
            if not self._room.wait_for(lambda: not self._taken or self._taken + content.size <= _ROOM, self._bound):
                raise StoreTrouble("the store of files does not keep up")
            self._taken += content.size
        future = self._threads().submit(self._upload, name, content)
        future.add_done_callback(partial(self._give_back, content.size))
        self._open()[future] = name

    def settle(self) -> frozenset[FileName]:
        """See FileStore."""
        mine = self._open()
        done, late = wait(mine, timeout=self._bound)
        for future in late:
            future.cancel()
        lost = {mine[future] for future in (*late, *(one for one in done if one.exception() is not None))}
        mine.clear()
        if lost:
            log.warning("files.not_kept", number=len(lost), late=len(late))
        return frozenset(lost)

    def read(self, name: FileName) -> bytes:
        """See FileStore."""
        return self._read(lambda client: client.get(name.key))

    def open(self, name: FileName) -> BinaryIO:
        """See FileStore."""
        found = self._read(lambda client: client.head(name.key))
        return io.BufferedReader(Pieces(partial(self._piece, name), found.size), PIECE)

    def find(self, name: FileName) -> Stored | None:
        """See FileStore."""
        try:
            found = self._call(lambda client: client.head(name.key))
        except NotFound:
            return None
        return Stored(name=name, size=found.size, at=found.at)

    def forget(self, name: FileName, *, before: datetime | None = None) -> bool:
        """See FileStore. Where the bucket keeps versions, those are the bucket's to forget."""
        found = self.find(name)
        if found is None or (before is not None and found.at >= before):
            return False
        self._call(lambda client: client.delete(name.key))
        return True

    def listed(self, kind: Kind) -> Iterator[Stored]:
        """See FileStore. What is put or forgotten meanwhile may be in it or not."""
        after: str | None = None
        while found := self._call(partial(Client.page, prefix=kind.value, after=after)):
            after = found[-1].key
            for one in found:
                name = name_of(one.key)
                if name is not None:
                    yield Stored(name=name, size=one.size, at=one.at)

    def require_up(self) -> None:
        """See FileStore."""
        self._call(lambda client: client.probe(), limit=min(_PROBE, self._limit))

    def close(self) -> None:
        """See FileStore. Uploads that nobody waits for are given up."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def _bound(self) -> float:
        return self._limit * 1.5

    def _open(self) -> dict[Future[None], FileName]:
        """What this thread has put and not settled."""
        futures: dict[Future[None], FileName] | None = getattr(self._mine, "futures", None)
        if futures is None:
            futures = self._mine.futures = {}
        return futures

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.width, thread_name_prefix="files")
            return self._pool

    def _give_back(self, size: int, _future: "Future[None]") -> None:
        with self._room:
            self._taken -= size
            self._room.notify_all()

    def _upload(self, name: FileName, content: Content) -> None:
        body = b"".join(content.chunks())
        try:
            self._call(lambda client: client.put(name.key, body, replaces=False))
        except IsThere:
            found = self.find(name)
            if found is None or found.at < datetime.now(UTC) - _OLD:
                self._call(lambda client: client.put(name.key, body, replaces=True))

    def _piece(self, name: FileName, start: int, end: int) -> bytes:
        return self._read(lambda client: client.piece(name.key, start=start, end=end))

    def _read(self, ask: Callable[[Client], T]) -> T:
        """Ask, unless there was no answer a moment ago; one of those who come after that finds out."""
        with self._lock:
            if self._shut_until:
                if time.monotonic() < self._shut_until:
                    raise StoreTrouble("the store of files does not answer")
                self._shut_until = time.monotonic() + self._bound
        try:
            answer = self._call(ask)
        except StoreTrouble:
            self._shut_until = time.monotonic() + _SHUT
            raise
        except NotFound:
            self._shut_until = 0.0
            raise
        self._shut_until = 0.0
        return answer

    def _call(self, ask: Callable[[Client], T], *, limit: float | None = None) -> T:
        """Ask, and again while there is sense and time. Raises StoreTrouble."""
        limit, pause = limit or self._limit, _FIRST_PAUSE
        # Not the runtime's clock: this bounds how long a real peer waits. The last try may take as long as the first.
        deadline = time.monotonic() + limit / 2
        while True:
            try:
                return ask(self._client(limit))
            except NoAnswer as error:
                if error.is_final or time.monotonic() + pause > deadline:
                    log.warning("files.away", reason=str(error))
                    raise StoreTrouble("the store of files does not answer", cause=str(error)) from None
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # spreads tries and guards nothing
            pause = min(_LONGEST_PAUSE, pause * 2)

    def _client(self, limit: float) -> Client:
        with self._lock:
            if limit not in self._clients:
                self._clients[limit] = Client(self._bucket, limit=limit)
            return self._clients[limit]
