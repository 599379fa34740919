"""The raw archive: every filed payload under the sha256 of its content, kept byte for byte.

Where files stay on this machine, filing links the spool's file into the archive, so a mail is written to the disk once;
one that shares its file with others is copied out of it. The envelope line of an arrival stays in front; `read` cuts it
off and checks the sum.
"""

from gateway.files.store import Content, FileStore, content_of, mail_name
from gateway.spool.entry import SpoolEntry, decode_entry, encode_entry


class Archive:
    """Payloads by content, in the store of files."""

    def __init__(self, files: FileStore) -> None:
        self._files = files

    def keep(self, entry: SpoolEntry) -> None:
        """Keep an entry's payload. Doing it twice is doing it once.

        `settle` makes it durable; until then the entry must stay in the spool. Raises OSError, StoreTrouble.
        """
        self._files.put(mail_name(entry.sha256), _content(entry))

    def settle(self) -> frozenset[str]:
        """Wait until what this thread has kept would survive a power cut; the sums of what would not.

        Raises OSError.
        """
        return frozenset(name.sha256 for name in self._files.settle())

    def read(self, sha256: str) -> bytes:
        """The payload with this sum. Raises NotFound, StoreTrouble, DamagedEntry."""
        return decode_entry(self._files.read(mail_name(sha256)))[1]


def _content(entry: SpoolEntry) -> Content:
    if entry.shares_file:
        return content_of(encode_entry(entry.envelope, entry.payload)[0], entry.payload)
    return Content(
        size=len(entry.payload),
        chunks=lambda: (encode_entry(entry.envelope, entry.payload)[0], entry.payload),
        file=entry.path,
    )
