"""One disk flush for many: entries that arrive while the disk is busy share the next flush.

A single thread takes all that is waiting, writes the files, starts the disk on all of them, waits for each,
renames them into place and syncs the folder once. With one session the cost is one flush a mail; with fifty it
is nearly one flush for fifty.
"""

import os
import queue
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_BATCH = 64

_Queue = queue.SimpleQueue["DurableWrite | None"]


@dataclass(frozen=True, kw_only=True)
class DurableWrite:
    """A file to make durable: `chunks` written to `draft`, then renamed to `final`.

    Who cancels `done` before the write begins takes it back; later it cannot be taken back any more.
    """

    chunks: tuple[bytes, ...]
    draft: Path
    final: Path
    done: Future[None]


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
        flush_batch(batch)
        if closing:
            return


def flush_batch(batch: list[DurableWrite]) -> None:
    """Make every write of the batch durable; a write that fails takes no other with it and leaves no file."""
    begun = [write for write in batch if write.done.set_running_or_notify_cancel()]
    written = [(write, descriptor) for write in begun if (descriptor := _write(write)) is not None]
    if len(written) > 1:
        for _, descriptor in written:
            _start_writing_back(descriptor)
    placed = [write for write, descriptor in written if _place(write, descriptor)]
    failures = {folder: _sync_failure(folder) for folder in {write.final.parent for write in placed}}
    for write in placed:
        failure = failures[write.final.parent]
        if failure is None:
            write.done.set_result(None)
        else:
            _fail(write, failure)


def _write(write: DurableWrite) -> int | None:
    """Write the draft; its open descriptor, None when that failed."""
    try:
        descriptor = os.open(write.draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        _fail(write, error)
        return None
    try:
        # One call for all that fits into one; a full disk takes a part without a word and refuses the rest.
        left = os.writev(descriptor, write.chunks)
        for chunk in write.chunks:
            view = memoryview(chunk)[left:]
            left = max(0, left - len(chunk))
            while view:
                view = view[os.write(descriptor, view) :]
    except OSError as error:
        os.close(descriptor)
        _fail(write, error)
        return None
    return descriptor


def _start_writing_back(descriptor: int) -> None:
    # Linux answers this advice by starting to write the file's pages without waiting. With all files of a batch
    # under way, the syncs that follow find most of the work done: half as many seconds for a batch.
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _place(write: DurableWrite, descriptor: int) -> bool:
    """Sync the draft and move it to its place; False when that failed."""
    try:
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        write.draft.rename(write.final)
    except OSError as error:
        _fail(write, error)
        return False
    return True


def _fail(write: DurableWrite, error: OSError) -> None:
    for path in (write.draft, write.final):
        with suppress(OSError):
            path.unlink()
    write.done.set_exception(error)


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
