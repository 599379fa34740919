"""The raw archive: every filed payload under the sha256 of its content, kept byte for byte.

Filing links the spool's file into the archive, so a mail is written to the disk once; one that shares its file with
others is copied out of it. The envelope line of an arrival stays in front; `read` cuts it off and checks the sum.
"""

import os
from pathlib import Path

from gateway.disk import sync_filesystem
from gateway.errors import NotFound
from gateway.spool.entry import SpoolEntry, decode_entry, encode_entry
from gateway.spool.flush import write_new


class Archive:
    """Payloads by content, below one folder. `drafts` is a folder on the same filesystem, which the spool clears."""

    def __init__(self, root: Path, *, drafts: Path) -> None:
        self._root = root
        self._drafts = drafts
        self._is_settled = True

    def keep(self, entry: SpoolEntry) -> None:
        """Keep an entry's payload. Doing it twice is doing it once.

        `settle` makes it durable; until then the entry must stay in the spool. Raises OSError.
        """
        path = self._path(entry.sha256)
        self._is_settled = False
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What is there already may be half of it, from before a power cut: the new one takes its place in any case.
        draft = self._drafts / f"{entry.id}.{entry.attempts}.kept"
        try:
            if entry.shares_file:
                write_new((encode_entry(entry.envelope, entry.payload)[0], entry.payload), draft)
            else:
                os.link(entry.path, draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)  # replacing one name of a file by another of the same file leaves both

    def settle(self) -> None:
        """Wait until all that was kept would survive a power cut. Raises OSError."""
        if not self._is_settled:
            sync_filesystem(self._root)
            self._is_settled = True

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
