"""Entries that could not be filed, each with the reason beside it, waiting for a person.

Replaying sends an entry through its lane again with the envelope that it came with, so it is routed as it would
have been the first time.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from gateway.clock import Clock
from gateway.errors import NotFound
from gateway.ids import SpoolId, is_spool_id
from gateway.spool.entry import Lane, SpoolEntry, file_name, names_in, parse_file_name, read_entry
from gateway.spool.flush import sync_folder


@dataclass(frozen=True, kw_only=True)
class Quarantined:
    """An entry that waits for a person. `size` is that of its file, in bytes."""

    id: SpoolId
    lane: Lane
    reason: str
    attempts: int
    size: int


class Quarantine:
    """The `quarantine` folders of all lanes below the spool's root."""

    def __init__(self, root: Path, *, clock: Clock) -> None:
        self._root = root
        self._clock = clock

    def put(self, entry_path: Path, lane: Lane, reason: str) -> None:
        """Put an entry aside, with the reason. The reason is durable before the entry moves."""
        parsed = parse_file_name(entry_path.name)
        if parsed is None:
            raise NotFound("not an entry of the spool")
        folder = self._folder(lane)
        document = json.dumps({"reason": reason, "at": self._clock.now().isoformat()})
        with (folder / f"{parsed[0]}.json").open("w", encoding="utf-8") as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
        entry_path.rename(folder / entry_path.name)
        sync_folder(folder)

    def list(self, lane: Lane) -> list[Quarantined]:
        """What is there, oldest first."""
        folder = self._folder(lane)
        return [
            Quarantined(
                id=spool_id,
                lane=lane,
                reason=_reason(folder / f"{spool_id}.json"),
                attempts=attempts,
                size=(folder / file_name(spool_id, attempts)).stat().st_size,
            )
            for spool_id, attempts in sorted(names_in(folder))
        ]

    def find(self, spool_id: str) -> SpoolEntry:
        """Read an entry. Raises NotFound; DamagedEntry where the file itself is broken."""
        lane, path, attempts = self._path(spool_id)
        return read_entry(path, lane, SpoolId(spool_id), attempts)

    def replay(self, spool_id: str) -> Lane:
        """Send an entry through its lane again, its tries forgotten. Raises NotFound."""
        lane, path, _ = self._path(spool_id)
        path.rename(self._root / lane / "new" / file_name(SpoolId(spool_id), 0))
        path.with_name(f"{spool_id}.json").unlink(missing_ok=True)
        return lane

    def remove(self, spool_id: str) -> None:
        """Delete an entry that has been recorded elsewhere. Raises NotFound."""
        _, path, _ = self._path(spool_id)
        path.unlink()
        path.with_name(f"{spool_id}.json").unlink(missing_ok=True)

    def _path(self, spool_id: str) -> tuple[Lane, Path, int]:
        for lane in Lane if is_spool_id(spool_id) else ():
            for path in self._folder(lane).glob(f"{spool_id}.*"):
                parsed = parse_file_name(path.name)
                if parsed is not None:
                    return lane, path, parsed[1]
        raise NotFound("there is no such entry in quarantine")

    def _folder(self, lane: Lane) -> Path:
        return self._root / lane / "quarantine"


def _reason(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["reason"])
    except (OSError, ValueError, KeyError):
        return "unknown: the note beside it is gone"
