"""The log that entries are accepted into while they flow: appended to, synced once for all that came together.

    <root>/<lane>/log/W        the log of one process, which holds a lock on it for as long as it lives

Making a file durable takes a sync of its content, one of its folder, and half a dozen blocks of metadata; appending
to one takes a single sync and next to none. So small entries are appended, and each gets its name (a hard link to
the log) right after the sync, when it is durable already. The names themselves become durable when the log is
retired. Until then it says what was accepted:

- a process that dies leaves a log without a lock and, on a machine that goes on, every acknowledged entry under its
  name; `recover_logs` gives a name to what has none, makes the names durable and retires the log;
- after a power cut names may be missing, of entries that wait and of some that were filed: they get their names
  again. Filing an entry a second time finds its receipt;
- half of a block, from a write that was cut off, was never acknowledged: what does not agree with its sum has no name.
"""

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gateway.disk import sync_file, write_all
from gateway.ids import SpoolId, is_spool_id, random32
from gateway.spool.entry import DamagedEntry, decode_entry, file_name, names_in, read_content
from gateway.spool.shared import names_of

_MOST = 64  # entries of a log; whoever reads one passes over those before it
_PREPARED = _MOST * 8 * 1024  # bytes; what is more than that is appended


class Log:
    """A log of our own below `lane`, open for appending. Raises OSError.

    `prepared` is for entries that come one at a time: the log has its blocks on the disk before they are written
    over, so that a sync is one write and not two. Where many share a sync that is not worth writing twice.
    """

    def __init__(self, lane: Path, *, prepared: bool = False) -> None:
        self._lane = lane
        self._size = 0
        self._entries = 0
        self.path, self._descriptor = _create(lane / "log")
        try:
            if prepared:
                write_all(self._descriptor, [bytes(_PREPARED)])
                os.fsync(self._descriptor)
                os.lseek(self._descriptor, 0, os.SEEK_SET)
            sync_file(self.path.parent)
        except OSError:
            self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            raise

    @property
    def is_full(self) -> bool:
        """Does it hold as many entries as it should?"""
        return self._entries >= _MOST

    def append(self, chunks: Sequence[bytes], *, entries: int) -> None:
        """Append a block; durable when it returns. Raises OSError, and the log is as before or ends there."""
        try:
            write_all(self._descriptor, chunks)
            os.fdatasync(self._descriptor)
        except OSError:
            self._entries = _MOST
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += sum(map(len, chunks))
        self._entries += entries

    def retire(self) -> None:
        """Make the names of its entries durable and forget it. Where the disk fails, it stays, to be recovered."""
        with suppress(OSError):
            _sync_names(self._lane)
            self.path.unlink()
        os.close(self._descriptor)


def recover_logs(lane: Path) -> int:
    """Name what only the logs of dead processes hold, and retire those; how many entries got a name."""
    named = 0
    for path in (lane / "log").iterdir():
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            named += _name_entries(lane, path)
            _sync_names(lane)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        except FileNotFoundError:  # before the lock was ours its owner, or another sweep, had retired it
            continue
        finally:
            os.close(descriptor)
    return named


def _create(folder: Path) -> tuple[Path, int]:
    while True:
        path = folder / f"{os.getpid()}-{random32(6)}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Before the lock was ours a sweep may have taken us for dead.
        if path.exists():
            return path, descriptor
        os.close(descriptor)


def _name_entries(lane: Path, log: Path) -> int:
    folders = [lane / "new", *_claims(lane), lane / "quarantine"]
    present = {spool_id for folder in folders for spool_id, _ in names_in(folder)}
    named = 0
    for name in names_of(log):
        if name not in present and is_spool_id(name) and _is_whole(log, SpoolId(name)):
            with suppress(FileExistsError):
                os.link(log, lane / "new" / file_name(SpoolId(name), 0))
                named += 1
    return named


def _is_whole(log: Path, spool_id: SpoolId) -> bool:
    try:
        decode_entry(read_content(log, spool_id)[0])
    except DamagedEntry:
        return False
    return True


def _claims(lane: Path) -> list[Path]:
    return [path for path in (lane / "claimed").iterdir() if path.is_dir()]


def _sync_names(lane: Path) -> None:
    """Make names durable wherever an entry can be; twice where it comes from and may come back to."""
    for folder in (lane / "new", *_claims(lane), lane / "quarantine", lane / "new"):
        with suppress(FileNotFoundError):  # a worker that has ended
            sync_file(folder)
