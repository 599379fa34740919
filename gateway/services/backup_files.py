"""The files of a bucket in a backup: in the folders that files on this machine have, so that either may be put back."""

import os
from pathlib import Path

from gateway.files.local import LocalStore
from gateway.files.reading import read_each
from gateway.files.store import FileStore, Kind
from gateway.services.copy_files import Copied, copy_files


def save_files(files: FileStore, folder: Path) -> None:
    """Write every file below a folder, with the age that it has. Raises StoreTrouble."""
    for kind in Kind:
        found = {stored.name: stored.at.timestamp() for stored in files.listed(kind)}
        for name, content in read_each(files, sorted(found)):
            path = folder / name.key
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(content)
            os.utime(path, (found[name], found[name]))


def put_files(folder: Path, files: FileStore) -> Copied:
    """Put what is below a folder into the store, except for what is there. Raises StoreTrouble."""
    return copy_files(LocalStore(folder, drafts=folder), files)
