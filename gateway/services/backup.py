"""A copy of everything, consistent while the gateway runs: the database, the spool, raw mail, sounds, sent files.

The order is what makes it consistent. The spool comes first, the database after it: an entry that is filed meanwhile
is in both, and filing it again does nothing. Raw mail comes last: it is kept before its entry is on record, so whatever
the database names is there. Each file stands in `manifest.json` with its sum, which is written at the end.
"""

import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.clock import Clock
from gateway.config.files import LOCAL
from gateway.config.load import Settings
from gateway.config.locations import database_url, locations
from gateway.db.copying import copy_database
from gateway.db.engine import Database
from gateway.db.migrate import current_revision
from gateway.errors import Refused
from gateway.files.opening import open_files
from gateway.ids import SpoolId
from gateway.services.backup_files import save_files
from gateway.spool.entry import DamagedEntry, Lane, file_name, names_in, read_content
from gateway.spool.log import recover_logs

FORMAT = 1
MANIFEST = "manifest.json"
FOLDERS = ("archive", "messages", "sent")
FILES = ("archive", "messages")
"""Those of the store of files, which may be a bucket."""

_ARCHIVES = (".tar", ".tar.gz", ".tgz")


@dataclass(frozen=True, kw_only=True)
class BackedUp:
    """What a backup holds. `bytes` counts before any compression; without `has_files` a bucket was left to itself."""

    files: int
    bytes: int
    revision: str | None
    has_secrets: bool
    has_files: bool


def is_archive(path: Path) -> bool:
    """True for a path that names one file, by its ending; any other names a folder."""
    return path.name.endswith(_ARCHIVES)


def back_up(settings: Settings, path: Path, *, clock: Clock, with_secrets: bool, with_bucket: bool = True) -> BackedUp:
    """Write a backup to a new folder, or to a new file that ends in .tar, .tar.gz or .tgz, readable by us alone.

    Without `with_bucket` the files of a bucket stay there alone. Raises Refused where there is something already,
    Misconfigured where `pg_dump` is wanted and missing, StoreTrouble where the bucket does not answer.
    """
    if path.exists():
        raise Refused(f"{path}: is there already; a backup is never written over another")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.mkdir(mode=0o700, parents=True)
    try:
        done = _fill(settings, draft, clock=clock, with_secrets=with_secrets, with_bucket=with_bucket)
        if is_archive(path):
            packed = draft.with_name(f"{draft.name}.tar")
            _pack(draft, packed, compressed=not path.name.endswith(".tar"))
            packed.rename(path)
        else:
            draft.rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return done


def _fill(settings: Settings, draft: Path, *, clock: Clock, with_secrets: bool, with_bucket: bool) -> BackedUp:
    where, database = locations(settings), Database(database_url(settings))
    try:
        _copy_spool(where.spool, draft / "spool")
        revision = current_revision(database)
        copy_database(database, draft)
    finally:
        database.close()
    is_far = settings.files.store != LOCAL
    for name in (*FOLDERS, *(["secrets"] if with_secrets else [])):
        if name not in FILES or not is_far:
            _copy_folder(where.data / name, draft / name)
    if is_far and with_bucket:
        save_files(open_files(settings), draft)
    files = {str(file.relative_to(draft)): _sum_of(file) for file in sorted(draft.rglob("*")) if file.is_file()}
    manifest = {
        "format": FORMAT,
        "version": __version__,
        "made_at": clock.now().isoformat(),
        "database": database.url.get_backend_name(),
        "revision": revision,
        "has_secrets": with_secrets,
        "has_files": with_bucket or not is_far,
        "files": files,
    }
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    size = sum((draft / name).stat().st_size for name in files)
    return BackedUp(
        files=len(files),
        bytes=size,
        revision=revision,
        has_secrets=with_secrets,
        has_files=with_bucket or not is_far,
    )


def _copy_spool(source: Path, target: Path) -> None:
    """Every entry once, wherever it is: one that moves while we look is looked for again until nothing new is found."""
    for lane in Lane:
        if (source / lane / "log").is_dir():
            recover_logs(source / lane)  # after a power cut, what was accepted may have no name yet
        seen: set[SpoolId] = set()
        quiet = 0
        while quiet < 2:  # twice in a row: between two folders an entry may pass us
            found = [(place, *name) for place in _places(source / lane) for name in names_in(place)]
            fresh = [one for one in found if one[1] not in seen]
            seen |= {
                spool_id for place, spool_id, attempts in fresh if _copy_entry(place, spool_id, attempts, target / lane)
            }
            quiet = quiet + 1 if not fresh else 0
        for note in (source / lane / "quarantine").glob("*.json"):
            _copy_file(note, target / lane / "quarantine" / note.name)


def _places(lane: Path) -> Iterator[Path]:
    yield lane / "new"
    claimed = lane / "claimed"
    yield from (path for path in (claimed.iterdir() if claimed.is_dir() else ()) if path.is_dir())
    yield lane / "quarantine"


def _copy_entry(place: Path, spool_id: SpoolId, attempts: int, lane: Path) -> bool:
    """Copy an entry out of the file that it may share. False where it has moved on."""
    name = file_name(spool_id, attempts)
    path = place / name
    folder = lane / ("quarantine" if place.name == "quarantine" else "new")
    try:
        content, _ = read_content(path, spool_id)
    except DamagedEntry:
        if not path.exists():
            return False
        content = path.read_bytes()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return True


def _copy_folder(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        if path.is_file() and not path.name.startswith("."):  # a draft is nobody's yet
            _copy_file(path, target / path.relative_to(source))


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)  # its time was over just now


def _sum_of(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": file_digest(file, "sha256").hexdigest(), "size": path.stat().st_size}


def _pack(folder: Path, packed: Path, *, compressed: bool) -> None:
    descriptor = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz" if compressed else "w") as archive:
        archive.add(folder, arcname=".")
