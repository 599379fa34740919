"""The raw archive: every filed payload under the sha256 of its content, kept byte for byte.

Filing links the spool's file into the archive, so a mail is written to the disk once. The envelope line of the
first arrival stays in front; `read` cuts it off and checks the sum.
"""

import os
from contextlib import suppress
from pathlib import Path

from gateway.errors import NotFound
from gateway.spool.entry import SpoolEntry, decode_entry
from gateway.spool.flush import sync_folder


class Archive:
    """Payloads by content, below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: set[Path] = set()  # folders whose names this process has seen safe on the disk

    def keep(self, entry: SpoolEntry) -> None:
        """Keep an entry's payload. Doing it twice is doing it once. Durable when it returns."""
        path = self._path(entry.sha256)
        if path.parent not in self._known:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(self._root)
            sync_folder(self._root.parent)
            self._known.add(path.parent)
        # A file that is there may be another worker's, who has not come to the sync yet: sync in any case.
        with suppress(FileExistsError):
            os.link(entry.path, path)
        sync_folder(path.parent)

    def read(self, sha256: str) -> bytes:
        """The payload with this sum. Raises NotFound."""
        try:
            return decode_entry(self._path(sha256).read_bytes())[1]
        except FileNotFoundError:
            raise NotFound("there is no such mail in the archive") from None

    def _path(self, sha256: str) -> Path:
        if len(sha256) != 64 or not sha256.isalnum():
            raise NotFound("not a sha256")
        return self._root / sha256[:2] / sha256
