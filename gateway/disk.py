"""Writing, and waiting until the disk has it: one file, or a whole filesystem for about the price of one file."""

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)


def write_all(descriptor: int, chunks: Sequence[bytes]) -> None:
    """Write all of it. Raises OSError, and may have written a part then."""
    # One call for all that fits into one; a full disk takes a part without a word and refuses the rest.
    left = os.writev(descriptor, chunks)
    for chunk in chunks:
        view = memoryview(chunk)[left:]
        left = max(0, left - len(chunk))
        while view:
            view = view[os.write(descriptor, view) :]


def sync_file(path: Path) -> None:
    """Bring a file's content, or a folder's names, to the disk, whoever wrote it. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_filesystem(folder: Path) -> None:
    """Bring all files and names of the folder's filesystem to the disk, other programs' among them. Raises OSError.

    Linux tells of what could not be written since 5.8; a system without the call waits and tells nothing.
    """
    if not hasattr(_LIBC, "syncfs"):
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _LIBC.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)
