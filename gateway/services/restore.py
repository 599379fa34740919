"""Putting a backup back: onto an empty data folder and an empty database, after every sum was found to be right."""

import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from gateway.config.files import LOCAL
from gateway.config.load import Settings
from gateway.config.locations import database_url, locations
from gateway.db.copying import COPY, is_empty, put_database
from gateway.db.engine import Database
from gateway.db.migrate import head_revision
from gateway.db.outbox import DeliveryState, list_deliveries
from gateway.errors import Conflict, Refused
from gateway.files.opening import open_files
from gateway.services.backup import FILES, FOLDERS, FORMAT, MANIFEST, is_archive
from gateway.services.backup_files import put_files

_WAITING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What is there now. `waiting` are mails that had not been sent when the backup was made: they will be.

    Without `has_files` the bucket of raw mail and sounds was not in it.
    """

    made_at: str
    files: int
    revision: str | None
    is_behind: bool
    has_secrets: bool
    has_files: bool
    waiting: int


def restore(settings: Settings, path: Path) -> Restored:
    """Put a backup back, a folder or a file as `back_up` writes them.

    Raises Conflict where anything is there already, Refused for a backup that is damaged, of another kind of database
    or of a later release. Until all of that is known, nothing is written. Raises StoreTrouble before the database is
    touched: empty the data folder, and begin again.
    """
    where, database = locations(settings), Database(database_url(settings))
    try:
        if any(found.is_file() for found in where.data.rglob("*")):
            raise Conflict(f"{where.data}: there are files in it; a backup is put back onto an empty data folder only")
        if not is_empty(database):
            raise Conflict("the database is not empty; a backup is put back into an empty one only")
        with _unpacked(path) as folder:
            manifest = _checked(folder, kind=database.url.get_backend_name())
            where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            is_far = settings.files.store != LOCAL
            for name in ("spool", *FOLDERS, "secrets"):
                if (folder / name).is_dir() and not (is_far and name in FILES):
                    shutil.copytree(folder / name, where.data / name, dirs_exist_ok=True)
            if is_far:
                put_files(folder, open_files(settings))
            put_database(database, folder)
        return _told(manifest, database)
    finally:
        database.close()


def _told(manifest: Mapping[str, Any], database: Database) -> Restored:
    is_behind = manifest["revision"] != head_revision()
    waiting = 0
    if not is_behind:
        with database.reading() as connection:
            waiting = len(list_deliveries(connection, states=_WAITING))
    return Restored(
        made_at=manifest["made_at"],
        files=len(manifest["files"]),
        revision=manifest["revision"],
        is_behind=is_behind,
        has_secrets=manifest["has_secrets"],
        has_files=manifest.get("has_files", True),
        waiting=waiting,
    )


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    if not is_archive(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="gateway-restore-") as folder:
        try:
            with tarfile.open(path) as archive:
                _unpack(archive, Path(folder))
        except (OSError, tarfile.TarError) as error:
            raise Refused(f"{path}: cannot be unpacked: {error}") from error
        yield Path(folder)


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Files and folders below `folder`, and nothing else. Not `extractall(filter=...)`: Python 3.11.2 has no filter."""
    root = folder.resolve()
    for member in archive:
        target = (root / member.name).resolve()
        if not (member.isfile() or member.isdir()) or not target.is_relative_to(root):
            raise tarfile.TarError(f"{member.name} is neither a file nor a folder below")
        if member.isdir():
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif (content := archive.extractfile(member)) is not None:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)


def _checked(folder: Path, *, kind: str) -> dict[str, Any]:
    """The manifest of a backup that is whole and that this code can use."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{folder}: no backup, or one that was never finished: {MANIFEST} cannot be read") from error
    if manifest.get("format") != FORMAT:
        raise Refused(f"the backup has format {manifest.get('format')}, this code reads {FORMAT}")
    if manifest.get("database") != kind:
        raise Refused(f"the backup is of a {manifest.get('database')} database, the one configured is {kind}")
    if str(manifest.get("revision")) > head_revision():
        raise Refused(f"the backup is of a later release: its database is at {manifest['revision']}")
    there = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} - {MANIFEST}
    if there != set(known) or COPY[kind] not in known:
        raise Refused(f"the backup is not whole: {len(set(known) ^ there)} files are missing, or too many")
    wrong = [name for name, stated in known.items() if _sum_of(folder / name) != stated["sha256"]]
    if wrong:
        raise Refused(f"the backup is damaged: {len(wrong)} files do not have their sum, the first is {wrong[0]}")
    return manifest


def _sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
