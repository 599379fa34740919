"""One disk flush for many: entries that arrive while the disk is busy share the next flush.

A single thread takes all that is waiting, writes and syncs each file, renames them into place and syncs the
folder once. With one session the cost is one flush a mail; with fifty it is nearly one flush for fifty.
"""

import os
import queue
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_BATCH = 64


@dataclass(frozen=True, kw_only=True)
class DurableWrite:
    """A file to make durable: `chunks` written to `draft`, then renamed to `final`."""

    chunks: tuple[bytes, ...]
    draft: Path
    final: Path
    done: Future[None]


class Flusher:
    """Makes files durable in batches. Starts its thread at the first write; `close` waits for what was handed in."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[DurableWrite | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def write(self, chunks: tuple[bytes, ...], *, draft: Path, final: Path) -> Future[None]:
        """Ask for a durable file. The future ends when a power cut cannot take it away any more, or with an OSError."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="flusher", daemon=True)
                self._thread.start()
        done: Future[None] = Future()
        self._queue.put(DurableWrite(chunks=chunks, draft=draft, final=final, done=done))
        return done

    def close(self) -> None:
        """Finish what was handed in, then end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            closing = False
            while len(batch) < _BATCH and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    closing = True
                    break
                batch.append(following)
            flush_batch(batch)
            if closing:
                return


def flush_batch(batch: list[DurableWrite]) -> None:
    """Make every write of the batch durable; a write that fails takes no other with it and leaves no file."""
    placed: list[DurableWrite] = []
    for write in batch:
        try:
            _write_synced(write.chunks, write.draft)
            write.draft.rename(write.final)
            placed.append(write)
        except OSError as error:
            with suppress(OSError):
                write.draft.unlink()
            write.done.set_exception(error)
    folders: dict[Path, OSError | None] = {}
    for folder in {write.final.parent for write in placed}:
        try:
            sync_folder(folder)
            folders[folder] = None
        except OSError as error:
            folders[folder] = error
    for write in placed:
        failure = folders[write.final.parent]
        if failure is None:
            write.done.set_result(None)
        else:
            write.done.set_exception(failure)


def _write_synced(chunks: tuple[bytes, ...], path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for chunk in chunks:
            view = memoryview(chunk)
            while view:
                view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
