"""The spool entry and its form on disk: one file, its first line the envelope, the rest the payload untouched.

The envelope line is written as a header field (`X-Gateway-Envelope: v1 {...}`), so that the file of a mail is
itself a mail that any client opens. It is cut off by position, never searched for: a payload that begins with
such a line of its own cannot forge anything. Entries accepted together may share a file (`gateway.spool.shared`).
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from gateway.errors import Deferred, Refused
from gateway.ids import SpoolId, is_spool_id, time_of
from gateway.spool.shared import DamagedIndex, read_part

_PREFIX = b"X-Gateway-Envelope: v1 "
_JSON = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


class Lane(StrEnum):
    """One queue of the spool, worked off on its own."""

    MAIL = "mail"
    CALL = "call"
    WEB = "web"


class DamagedEntry(Deferred):
    """A file in the spool that is not one that we wrote."""


class UnfitEntry(Refused):
    """An entry that must not be filed, and that no further try makes better: it goes to quarantine at once."""


@dataclass(frozen=True, kw_only=True)
class SpoolEntry:
    """Something accepted and not yet filed.

    `attempts` counts the tries begun, the present one included. `envelope` holds plain JSON values; `sha256` is
    that of the payload. `shares_file` says that the file at `path` holds other entries too.
    """

    id: SpoolId
    lane: Lane
    path: Path
    attempts: int
    envelope: Mapping[str, Any]
    payload: bytes
    sha256: str
    shares_file: bool = False

    @property
    def accepted_at(self) -> datetime:
        """When it was accepted; part of the id."""
        return time_of(self.id)


def encode_entry(envelope: Mapping[str, Any], payload: bytes) -> tuple[bytes, str]:
    """The envelope line to write before the payload, and the payload's sha256."""
    digest = sha256(payload).hexdigest()
    document = _JSON.encode({**envelope, "sha256": digest})
    return _PREFIX + document.encode("ascii") + b"\r\n", digest


def decode_entry(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Split a file into envelope and payload. Raises DamagedEntry."""
    end = content.find(b"\r\n")
    if not content.startswith(_PREFIX) or end < 0:
        raise DamagedEntry("the file does not begin with an envelope line of version 1")
    try:
        envelope = json.loads(content[len(_PREFIX) : end])
    except ValueError as error:
        raise DamagedEntry("the envelope line cannot be read") from error
    payload = content[end + 2 :]
    if not isinstance(envelope, dict) or envelope.get("sha256") != sha256(payload).hexdigest():
        raise DamagedEntry("the payload is not the one that was accepted")
    return envelope, payload


def file_name(spool_id: SpoolId, attempts: int) -> str:
    """The name of an entry's file: its id, and how many tries were begun."""
    return f"{spool_id}.{attempts}"


def parse_file_name(name: str) -> tuple[SpoolId, int] | None:
    """The id and attempts of a file name; None for a file that is not ours."""
    spool_id, dot, attempts = name.partition(".")
    if not dot or not is_spool_id(spool_id) or not (attempts.isascii() and attempts.isdigit()):
        return None
    return SpoolId(spool_id), int(attempts)


def names_in(folder: Path) -> Iterator[tuple[SpoolId, int]]:
    """The ids and attempts of the entries in a folder, in no order; nothing where the folder is gone."""
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for item in found:
            parsed = parse_file_name(item.name)
            if parsed is not None:
                yield parsed


def read_entry(path: Path, lane: Lane, spool_id: SpoolId, attempts: int) -> SpoolEntry:
    """Read an entry's file, its own or one shared with others. Raises DamagedEntry."""
    content, shared = read_content(path, spool_id)
    envelope, payload = decode_entry(content)
    return SpoolEntry(
        id=spool_id,
        lane=lane,
        path=path,
        attempts=attempts,
        envelope=envelope,
        payload=payload,
        sha256=envelope["sha256"],
        shares_file=shared,
    )


def read_content(path: Path, spool_id: SpoolId) -> tuple[bytes, bool]:
    """The bytes of one entry, and whether others share its file. Raises DamagedEntry."""
    try:
        return read_part(path, spool_id)
    except OSError as error:
        raise DamagedEntry("the file cannot be read") from error
    except DamagedIndex as error:
        raise DamagedEntry(str(error)) from error
