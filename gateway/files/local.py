"""Files below the data folder: a link of the spool's own file where it has one, and one wait for the disk for many."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from gateway.disk import sync_filesystem
from gateway.errors import NotFound
from gateway.files.store import Content, FileName, Kind, Stored, name_of
from gateway.ids import random32
from gateway.spool.flush import write_new


class LocalStore:
    """Files by their sum below `root`. `drafts` is a folder on the same filesystem, which the spool clears."""

    width = 1

    def __init__(self, root: Path, *, drafts: Path) -> None:
        self._root = root
        self._drafts = drafts
        self._unsettled = threading.local()

    def path(self, name: FileName) -> Path:
        """Where a file is, if it is there."""
        return self._root / name.key

    def put(self, name: FileName, content: Content) -> None:
        """See FileStore."""
        path = self.path(name)
        self._kinds().add(name.kind)
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What is there already may be half of it, from before a power cut: the new one takes its place in any case.
        draft = self._drafts / f"{name.sha256[:16]}.{random32(13)}.kept"
        try:
            if content.file is None:
                write_new(content.chunks(), draft)
            else:
                os.link(content.file, draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)  # replacing one name of a file by another of the same file leaves both

    def settle(self) -> frozenset[FileName]:
        """See FileStore. All of it is durable, or OSError is raised."""
        for kind in sorted(self._kinds()):
            sync_filesystem(self._root / kind)
        self._kinds().clear()
        return frozenset()

    def read(self, name: FileName) -> bytes:
        """See FileStore."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            raise NotFound("there is no such file") from None

    def open(self, name: FileName) -> BinaryIO:
        """See FileStore."""
        try:
            return self.path(name).open("rb")
        except FileNotFoundError:
            raise NotFound("there is no such file") from None

    def find(self, name: FileName) -> Stored | None:
        """See FileStore."""
        try:
            return _stored(name, self.path(name).stat())
        except FileNotFoundError:
            return None

    def forget(self, name: FileName, *, before: datetime | None = None) -> bool:
        """See FileStore."""
        try:
            if before is not None and self.path(name).stat().st_mtime >= before.timestamp():
                return False
            self.path(name).unlink()
        except FileNotFoundError:
            return False
        return True

    def listed(self, kind: Kind) -> Iterator[Stored]:
        """See FileStore."""
        for folder in (self._root / kind).glob("[0-9a-f][0-9a-f]"):
            with os.scandir(folder) as found:
                for item in found:
                    name = name_of(f"{kind}/{folder.name}/{item.name}")
                    if name is not None:
                        with suppress(FileNotFoundError):  # its time was over just now
                            yield _stored(name, item.stat())

    def require_up(self) -> None:
        """See FileStore. A disk is always there; that it is full is for the spool to say."""

    def close(self) -> None:
        """See FileStore."""

    def _kinds(self) -> set[Kind]:
        kinds: set[Kind] | None = getattr(self._unsettled, "kinds", None)
        if kinds is None:
            kinds = self._unsettled.kinds = set()
        return kinds


def _stored(name: FileName, about: os.stat_result) -> Stored:
    return Stored(name=name, size=about.st_size, at=datetime.fromtimestamp(about.st_mtime, UTC))
