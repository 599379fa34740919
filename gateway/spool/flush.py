"""One disk flush for many: entries that arrive while the disk is busy share the next flush.

A single thread takes all that is waiting. Small entries that come together or on each other's heels are appended to
a log with one sync for all of them (`gateway.spool.log`), and get their names after it: a sync is what accepting
costs, on a busy disk a hundred times as much as all the rest. A large entry, or one that comes after a pause, becomes
a file: written, synced, renamed into place, and the folder synced. What is archived or put aside gets a file of its
own in any case (`gateway.spool.archive`, `gateway.spool.store`).
"""

import os
import queue
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.disk import write_all
from gateway.spool.log import Log
from gateway.spool.shared import shared_head

_BATCH = 64
_SMALL = 64 * 1024  # bytes; a larger entry is worth a file of its own
_QUIET = 1.0  # seconds without an entry after which a log is retired, and the next entry comes alone

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


class Logs:
    """The logs that are open, by lane, and whether entries flow or come one by one."""

    def __init__(self) -> None:
        self._open: dict[Path, Log] = {}
        self._latest: dict[Path, float] = {}

    def __bool__(self) -> bool:
        return bool(self._open)

    def is_worth(self, lane: Path, group: list[DurableWrite]) -> bool:
        """Do these come together, or soon after others? To be asked once for each group."""
        now = time.monotonic()
        before = self._latest.get(lane, -_QUIET)
        self._latest[lane] = now
        return len(group) > 1 or now - before < _QUIET

    def append(self, lane: Path, group: list[DurableWrite]) -> Path:
        """Append a block; durable when it returns. The log that holds it. Raises OSError."""
        log = self._open.get(lane)
        if log is None or log.is_full:
            self.retire(lane)
            log = self._open[lane] = Log(lane, prepared=len(group) == 1)
        head = shared_head({write.final.stem: write.size for write in group})
        log.append((head, *(chunk for write in group for chunk in write.chunks)), entries=len(group))
        return log.path

    def retire(self, *lanes: Path) -> None:
        """Close the logs of these lanes, of all where none is named."""
        for lane in lanes or list(self._open):
            if log := self._open.pop(lane, None):
                log.retire()


def _run(waiting: _Queue) -> None:
    logs = Logs()
    while True:
        try:
            batch = [waiting.get(timeout=_QUIET if logs else None)]
        except queue.Empty:
            logs.retire()
            continue
        while batch[-1] is not None and len(batch) < _BATCH and not waiting.empty():
            batch.append(waiting.get())
        writes = [write for write in batch if write is not None]
        try:
            flush_batch(writes, logs)
        except Exception as error:  # noqa: BLE001 - the boundary: this thread is the only one, later batches need it
            for write in writes:
                if not write.done.done():
                    _fail(write, error)
        if len(writes) < len(batch):
            logs.retire()
            return


def flush_batch(batch: list[DurableWrite], logs: Logs) -> None:
    """Make every write of the batch durable; a write that fails takes no other with it and leaves no file."""
    begun = [write for write in batch if write.done.set_running_or_notify_cancel()]
    alone = [write for write in begun if write.size > _SMALL]
    small: dict[Path, list[DurableWrite]] = {}
    for write in begun:
        if write.size <= _SMALL:
            small.setdefault(write.final.parent.parent, []).append(write)
    for lane, group in small.items():
        alone += _append(lane, group, logs)
    _flush_alone(alone)


def _append(lane: Path, group: list[DurableWrite], logs: Logs) -> list[DurableWrite]:
    """Accept a group into the lane's log; those for which that was not possible."""
    if not logs.is_worth(lane, group):
        return group
    try:
        log = logs.append(lane, group)
    except OSError:
        return group
    left = []
    for write in group:
        try:
            os.link(log, write.final)
        except OSError:
            left.append(write)
        else:
            write.done.set_result(None)
    return left


def _flush_alone(writes: list[DurableWrite]) -> None:
    placed = [write for write in writes if _place_alone(write)]
    failures = {folder: _sync_failure(folder) for folder in {write.final.parent for write in placed}}
    for write in placed:
        failure = failures[write.final.parent]
        if failure is None:
            write.done.set_result(None)
        else:
            _fail(write, failure)


def _place_alone(write: DurableWrite) -> bool:
    try:
        write_durably(write.chunks, write.draft)
        write.draft.rename(write.final)
    except OSError as error:
        _fail(write, error)
        return False
    return True


def write_durably(chunks: tuple[bytes, ...], path: Path) -> None:
    """Write a new file and sync it. Its name is not durable yet. Raises OSError, and may leave a part of the file."""
    write_new(chunks, path, sync=True)


def write_new(chunks: tuple[bytes, ...], path: Path, *, sync: bool = False) -> None:
    """Write a new file. Raises OSError, and may leave a part of the file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        write_all(descriptor, chunks)
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
