"""The raw archive as those see it who end or replace what is kept; filing and reading go by `gateway.spool.archive`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.files.store import FileStore, content_of, mail_name
from gateway.spool.entry import DamagedEntry, decode_entry, encode_entry
from gateway.spool.flush import sync_folder, write_durably


def taken_apart(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Envelope and payload; a file that is damaged is all payload, so that it is looked at as a whole."""
    try:
        return decode_entry(content)
    except DamagedEntry:
        return {}, content


def forget_raw(files: FileStore, sha256: str) -> bool:
    """Delete the payload with this sum. False where it is not there. Raises StoreTrouble."""
    return files.forget(mail_name(sha256))


def keep_raw(files: FileStore, envelope: Mapping[str, Any], payload: bytes) -> str:
    """Keep a payload; its sum. It is durable once the store is settled. Raises OSError, StoreTrouble."""
    head, digest = encode_entry(envelope, payload)
    files.put(mail_name(digest), content_of(head, payload))
    return digest


def put_file(path: Path, content: bytes) -> None:
    """Write a file in the place of the one that may be there; durable when it returns."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # of a process with our number that died here
    write_durably((content,), draft)
    draft.rename(path)
    sync_folder(path.parent)
