"""One disk flush for many: entries that arrive while the disk is busy share the next flush.

A single thread takes all that is waiting. One entry becomes one file: written, synced, renamed into place, and
the folder synced. Several small ones become one file with as many names (hard links), so that fifty mails cost
the disk two syncs, as one does: a sync is what accepting costs, on a busy disk a hundred times as much as all the
rest. What is archived or put aside gets a file of its own again (`gateway.spool.archive`, `gateway.spool.store`).
"""

import os
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.spool.shared import shared_head

_BATCH = 64
_SMALL = 64 * 1024  # bytes; a larger entry is worth a file of its own

_Queue = queue.SimpleQueue["DurableWrite | None"]


@dataclass(frozen=True, kw_only=True)
class DurableWrite:
    """A file to make durable: `chunks` written to `draft`, then moved to `final`, whose stem is the entry's name.

    Who cancels `done` before the write begins takes it back; later it cannot be taken back any more.
    """

    chunks: tuple[bytes, ...]
    draft: Path
    final: Path
    done: Future[None]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(len(chunk) for chunk in self.chunks)


class Flusher:
    """Makes files durable in batches. Starts its thread at the first write; `close` waits for what was handed in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: _Queue | None = None
        self._thread: threading.Thread | None = None

    def write(self, chunks: tuple[bytes, ...], *, draft: Path, final: Path) -> Future[None]:
        """Ask for a durable file. The future ends when a power cut cannot take it away any more, or with an OSError."""
        done: Future[None] = Future()
        with self._lock:
            if self._queue is None:
                self._queue = queue.SimpleQueue()
                self._thread = threading.Thread(target=_run, args=(self._queue,), name="flusher", daemon=True)
                self._thread.start()
            self._queue.put(DurableWrite(chunks=chunks, draft=draft, final=final, done=done))
        return done

    def close(self) -> None:
        """Finish what was handed in, then end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
            if self._queue is not None:
                self._queue.put(None)
                self._queue = None
        if thread is not None:
            thread.join()


def _run(waiting: _Queue) -> None:
    while (first := waiting.get()) is not None:
        batch = [first]
        closing = False
        while len(batch) < _BATCH and not waiting.empty():
            following = waiting.get()
            if following is None:
                closing = True
                break
            batch.append(following)
        try:
            flush_batch(batch)
        except Exception as error:  # noqa: BLE001 - the boundary: this thread is the only one, later batches need it
            for write in batch:
                if not write.done.done():
                    _fail(write, error)
        if closing:
            return


def flush_batch(batch: list[DurableWrite]) -> None:
    """Make every write of the batch durable; a write that fails takes no other with it and leaves no file."""
    begun = [write for write in batch if write.done.set_running_or_notify_cancel()]
    placed = [write for group in _groups(begun) for write in _place(group)]
    failures = {folder: _sync_failure(folder) for folder in {write.final.parent for write in placed}}
    for write in placed:
        failure = failures[write.final.parent]
        if failure is None:
            write.done.set_result(None)
        else:
            _fail(write, failure)


def _groups(writes: list[DurableWrite]) -> Iterator[list[DurableWrite]]:
    """The writes that become one file: the small ones of a folder together, every large one alone."""
    small: dict[Path, list[DurableWrite]] = {}
    for write in writes:
        if write.size > _SMALL:
            yield [write]
        else:
            small.setdefault(write.final.parent, []).append(write)
    yield from small.values()


def _place(group: list[DurableWrite]) -> list[DurableWrite]:
    """Put a group in its place, in one file or, where that fails, in one for each; those that are there."""
    placed = _place_together(group) if len(group) > 1 else []
    return [*placed, *(write for write in group[len(placed) :] if _place_alone(write))]


def _place_alone(write: DurableWrite) -> bool:
    try:
        write_durably(write.chunks, write.draft)
        write.draft.rename(write.final)
    except OSError as error:
        _fail(write, error)
        return False
    return True


def _place_together(group: list[DurableWrite]) -> list[DurableWrite]:
    """One file under the names of all; the first of them that have their name. A worker may hold those already."""
    head = shared_head({write.final.stem: write.size for write in group})
    draft, placed = group[0].draft, []
    with suppress(OSError):
        write_durably((head, *(chunk for write in group for chunk in write.chunks)), draft)
        for write in group:
            os.link(draft, write.final)
            placed.append(write)
    _remove(draft)
    return placed


def write_durably(chunks: tuple[bytes, ...], path: Path) -> None:
    """Write a new file and sync it. Its name is not durable yet. Raises OSError, and may leave a part of the file."""
    write_new(chunks, path, sync=True)


def write_new(chunks: tuple[bytes, ...], path: Path, *, sync: bool = False) -> None:
    """Write a new file. Raises OSError, and may leave a part of the file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        # One call for all that fits into one; a full disk takes a part without a word and refuses the rest.
        left = os.writev(descriptor, chunks)
        for chunk in chunks:
            view = memoryview(chunk)[left:]
            left = max(0, left - len(chunk))
            while view:
                view = view[os.write(descriptor, view) :]
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fail(write: DurableWrite, error: Exception) -> None:
    _remove(write.draft, write.final)
    write.done.set_exception(error)


def _remove(*paths: Path) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _sync_failure(folder: Path) -> OSError | None:
    try:
        sync_folder(folder)
    except OSError as error:
        return error
    return None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, each with a durable name; nothing where it is there."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)
