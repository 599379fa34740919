"""The raw archive as those see it who end what is kept: every file by its sum, forgetting and replacing.

Filing and reading go by `gateway.spool.archive`; here files leave.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.spool.entry import DamagedEntry, decode_entry, encode_entry
from gateway.spool.flush import make_folder, sync_folder, write_durably


def archive_path(root: Path, sha256: str) -> Path:
    """Where the payload with this sum is."""
    return root / sha256[:2] / sha256


def archived_sums(root: Path) -> Iterator[str]:
    """The sum of everything that is kept, in no order."""
    for folder in root.glob("[0-9a-f][0-9a-f]"):
        yield from (path.name for path in folder.iterdir() if len(path.name) == 64)


def taken_apart(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Envelope and payload; a file that is damaged is all payload, so that it is looked at as a whole."""
    try:
        return decode_entry(content)
    except DamagedEntry:
        return {}, content


def forget_raw(root: Path, sha256: str) -> bool:
    """Delete the payload with this sum. False where it is not there."""
    try:
        archive_path(root, sha256).unlink()
    except FileNotFoundError:
        return False
    return True


def keep_raw(root: Path, envelope: Mapping[str, Any], payload: bytes) -> str:
    """Keep a payload durably; its sum. One that is there already is the same."""
    head, digest = encode_entry(envelope, payload)
    path = archive_path(root, digest)
    if not path.exists():
        make_folder(path.parent)
        put_file(path, head + payload)
    return digest


def put_file(path: Path, content: bytes) -> None:
    """Write a file in the place of the one that may be there; durable when it returns."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # of a process with our number that died here
    write_durably((content,), draft)
    draft.rename(path)
    sync_folder(path.parent)
