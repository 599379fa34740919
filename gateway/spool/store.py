"""The spool on disk: accept, claim, finish, give back, recover.

    <root>/<lane>/tmp/         being written; never read
    <root>/<lane>/log/         what was just accepted (see `gateway.spool.log`)
    <root>/<lane>/new/         accepted, waiting
    <root>/<lane>/claimed/W/   in the hands of worker W, who holds a lock on W.lock for as long as it lives
    <root>/<lane>/quarantine/  waits for a person (see `gateway.spool.quarantine`)

An entry moves by renaming, so it is always in exactly one place, and a claim has one winner. The number of
tries is part of the name: claiming writes it down before anybody looks at the content. A worker that dies
loses its lock with its process, so recovery needs no timeout and mistakes nobody slow for dead.
"""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from gateway.clock import Clock
from gateway.errors import Deferred
from gateway.ids import SpoolId, new_spool_id, random32, time_of
from gateway.spool.entry import (
    DamagedEntry,
    Lane,
    SpoolEntry,
    encode_entry,
    file_name,
    names_in,
    read_content,
    read_entry,
)
from gateway.spool.flush import Flusher, make_folder, write_durably
from gateway.spool.log import recover_logs
from gateway.spool.quarantine import Quarantine

_FOLDERS = ("tmp", "log", "new", "claimed", "quarantine")
_MEASURE_EVERY = 0.1  # seconds between two looks at how full the disk is
_STALE_DRAFT = 3600  # seconds; the longest that an accept can take is far below


class SpoolFull(Deferred):
    """The disk has no room for another entry."""


@dataclass(frozen=True, kw_only=True)
class Depth:
    """How much waits in a lane; `oldest` is None where nothing does."""

    waiting: int
    claimed: int
    quarantined: int
    oldest: datetime | None


class Spool:
    """The lanes below one folder. `min_free` is the room, in bytes, that accepting leaves on the disk."""

    def __init__(self, root: Path, *, clock: Clock, min_free: int = 0) -> None:
        self._root = root
        self._clock = clock
        self._min_free = min_free
        self._flusher = Flusher()
        self.quarantine = Quarantine(root, clock=clock)
        self._folders = {(lane, name): root / lane / name for lane in Lane for name in _FOLDERS}
        for folder in self._folders.values():
            make_folder(folder)
        self._free = 0
        self._measured_at = -_MEASURE_EVERY

    def submit(self, lane: Lane, envelope: Mapping[str, Any], payload: bytes) -> tuple[SpoolId, Future[None]]:
        """Begin to accept; nothing may be acknowledged before the future has ended well.

        Raises SpoolFull at once where the disk is too full; a disk that fills up meanwhile ends the future
        with an OSError (see `acceptance_error`).
        """
        self._take_room(len(payload))
        spool_id = new_spool_id(self._clock.now())
        head, _ = encode_entry(envelope, payload)
        name = file_name(spool_id, 0)
        done = self._flusher.write(
            (head, payload), draft=self._folder(lane, "tmp") / name, final=self._folder(lane, "new") / name
        )
        return spool_id, done

    def accept(self, lane: Lane, envelope: Mapping[str, Any], payload: bytes) -> SpoolId:
        """Accept and wait until it is durable. Raises SpoolFull, or Deferred for any other trouble with the disk."""
        spool_id, done = self.submit(lane, envelope, payload)
        try:
            done.result()
        except OSError as error:
            raise acceptance_error(error) from error
        return spool_id

    def close(self) -> None:
        """Finish the writes under way."""
        self._flusher.close()

    def depth(self, lane: Lane) -> Depth:
        """How much waits, is claimed and is in quarantine, and since when the oldest of the first two."""
        waiting = [parsed[0] for parsed in names_in(self._folder(lane, "new"))]
        claimed = [parsed[0] for owner in _subfolders(self._folder(lane, "claimed")) for parsed in names_in(owner)]
        quarantined = sum(1 for _ in names_in(self._folder(lane, "quarantine")))
        oldest = min([*waiting, *claimed], default=None)
        return Depth(
            waiting=len(waiting),
            claimed=len(claimed),
            quarantined=quarantined,
            oldest=None if oldest is None else time_of(oldest),
        )

    def waiting(self, lane: Lane) -> list[tuple[SpoolId, int]]:
        """Ids and attempts of what waits, oldest first."""
        return sorted(names_in(self._folder(lane, "new")))

    @contextmanager
    def worker(self, lane: Lane) -> Iterator["Claims"]:
        """Be a worker of the lane for the length of the block; what is still claimed at its end goes back."""
        folder = self._folder(lane, "claimed") / f"{os.getpid()}-{random32(6)}"
        # The lock must exist before the folder can be found, or a sweep would take us for dead.
        lock = _lock(folder.with_suffix(".lock"))
        folder.mkdir(mode=0o700)
        try:
            yield Claims(
                lane=lane, folder=folder, new=self._folder(lane, "new"), drafts=self._folder(lane, "tmp"), spool=self
            )
        finally:
            self._give_back(lane, folder)
            folder.rmdir()
            folder.with_suffix(".lock").unlink(missing_ok=True)
            lock.close()

    def recover(self, lane: Lane) -> int:
        """Take back what dead workers held and forget abandoned drafts. Returns how many entries came back."""
        returned = recover_logs(self._root / lane)
        for folder in _subfolders(self._folder(lane, "claimed")):
            lock = _try_lock(folder.with_suffix(".lock"))
            if lock is None:
                continue
            with lock:
                returned += self._give_back(lane, folder)
                with suppress(FileNotFoundError):
                    folder.rmdir()
                folder.with_suffix(".lock").unlink(missing_ok=True)
        self._forget_drafts(lane)
        return returned

    def _give_back(self, lane: Lane, folder: Path) -> int:
        returned = 0
        for spool_id, attempts in names_in(folder):
            name = file_name(spool_id, attempts)
            with suppress(FileNotFoundError):
                (folder / name).rename(self._folder(lane, "new") / name)
                returned += 1
        return returned

    def _forget_drafts(self, lane: Lane) -> None:
        limit = self._clock.now().timestamp() - _STALE_DRAFT
        for path in self._folder(lane, "tmp").iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < limit:
                    path.unlink()

    def _take_room(self, size: int) -> None:
        # Between two looks at the disk we count ourselves; what others write meanwhile is what `min_free` is for.
        now = time.monotonic()
        if now - self._measured_at >= _MEASURE_EVERY:
            self._free, self._measured_at = shutil.disk_usage(self._root).free, now
        if self._free < self._min_free + size:
            self._measured_at = -_MEASURE_EVERY
            raise SpoolFull("not enough room on the disk")
        self._free -= size

    def _folder(self, lane: Lane, name: str) -> Path:
        return self._folders[lane, name]


class Claims:
    """What one worker holds. An entry that it neither finishes nor quarantines goes back when the worker ends."""

    def __init__(self, *, lane: Lane, folder: Path, new: Path, drafts: Path, spool: Spool) -> None:
        self._lane = lane
        self._folder = folder
        self._new = new
        self._drafts = drafts
        self._spool = spool

    def claim(self, spool_id: SpoolId, attempts: int) -> SpoolEntry | None:
        """Take one waiting entry; None when another worker was faster.

        The attempt is written down by the same rename that claims. Raises DamagedEntry with the entry still claimed.
        """
        path = self._folder / file_name(spool_id, attempts + 1)
        try:
            (self._new / file_name(spool_id, attempts)).rename(path)
        except FileNotFoundError:
            return None
        return read_entry(path, self._lane, spool_id, attempts + 1)

    def finish(self, entry: SpoolEntry) -> None:
        """The entry is on record elsewhere: forget it."""
        entry.path.unlink(missing_ok=True)

    def put_back(self, entry: SpoolEntry, *, uncounted: bool) -> None:
        """Let it wait again. `uncounted` takes the try back: the trouble was not the entry's."""
        attempts = entry.attempts - 1 if uncounted else entry.attempts
        entry.path.rename(self._new / file_name(entry.id, attempts))

    def quarantine(self, spool_id: SpoolId, attempts: int, reason: str) -> None:
        """Put a claimed entry aside for a person, in a file of its own, which may be deleted without the others."""
        path = self._folder / file_name(spool_id, attempts)
        with suppress(DamagedEntry):
            content, shared = read_content(path, spool_id)
            if shared:
                self._part(path, content)
        self._spool.quarantine.put(path, self._lane, reason)

    def _part(self, path: Path, content: bytes) -> None:
        draft = self._drafts / f"{path.name}.{self._folder.name}"
        try:
            write_durably((content,), draft)
            # The new name need not be durable: before it is, the old one leads to the shared file.
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)


def acceptance_error(error: OSError) -> Deferred:
    """What to tell the peer of an entry that could not be made durable: full disks have a reply of their own."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return SpoolFull("not enough room on the disk")
    return Deferred("the disk does not take it")


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()]


def _lock(path: Path) -> IO[bytes]:
    file = path.open("wb")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _try_lock(path: Path) -> IO[bytes] | None:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
