"""Copying files from one store to another: what is there already is passed over, so that it may be run once more.

Each file is held against the sum in its name before it is put; one that does not have it is left where it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice

from gateway.files.reading import read_each
from gateway.files.store import FileName, FileStore, Kind, content_of, settle_all
from gateway.spool.entry import DamagedEntry, decode_entry

_BATCH = 200  # files that are made durable together


@dataclass(kw_only=True)
class Copied:
    """What a copy did: files and bytes that went over, files that were there, and names of those that are damaged."""

    files: int = 0
    bytes: int = 0
    known: int = 0
    damaged: list[str] = field(default_factory=list)


def copy_files(source: FileStore, target: FileStore) -> Copied:
    """Copy everything that the target does not have. Raises StoreTrouble, OSError: what went over stays there."""
    done = Copied()
    for kind in Kind:
        there = {stored.name for stored in target.listed(kind)}
        found = {stored.name for stored in source.listed(kind)}
        wanted = sorted(found - there)
        done.known += len(found) - len(wanted)
        files = read_each(source, wanted)
        while batch := list(_put(islice(files, _BATCH), target, done)):
            settle_all(target)
            done.files += len(batch)
            done.bytes += sum(batch)
    return done


def has_its_sum(name: FileName, content: bytes) -> bool:
    """Is a file what its name says?"""
    if name.kind is Kind.SOUND:
        return sha256(content).hexdigest() == name.sha256
    try:
        return bool(decode_entry(content)[0]["sha256"] == name.sha256)
    except DamagedEntry:
        return False


def _put(files: Iterator[tuple[FileName, bytes]], target: FileStore, done: Copied) -> Iterator[int]:
    for name, content in files:
        if has_its_sum(name, content):
            target.put(name, content_of(content))
            yield len(content)
        else:
            done.damaged.append(name.key)
