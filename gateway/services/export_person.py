"""All that is kept about a person, in one archive that they can read: pages to look at, JSON to take elsewhere, files.

    index.html    their requests with all that they may see, their files, and what else is kept
    person.json   every row of every table that is theirs
    mails/        their mails as they came
    files/        what was attached
    calls/        their voice messages

Internal notes are not in it, nor what others wrote elsewhere. Nothing is changed.
"""

import json
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Connection, select

from gateway.db.schema import metadata
from gateway.db.tickets import entries
from gateway.domain.audit import AuditAction
from gateway.errors import NotFound, Refused
from gateway.files.reading import read_each
from gateway.files.store import sound_name
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.data_subject import DataSubject
from gateway.services.find_subject import find_subject
from gateway.services.personal_data import INVENTORY
from gateway.services.personal_files import look_through_archive

ReadFile = Callable[[bytes, int], bytes]
"""Takes the file at a position out of a raw mail; raises IndexError."""

_UNSAFE = re.compile(r"[^\w.\-]+")
_SAYING = {
    "fr": {
        "title": "Données de",
        "made": "Établi le",
        "about": "person.json contient les mêmes données sous une forme lisible par une machine.",
        "kept": "Ce que nous conservons",
        "what": "Données",
        "number": "Nombre",
        "mail": "message d'origine",
        "others": "Autres fichiers",
    },
    "en": {
        "title": "Data of",
        "made": "Made on",
        "about": "person.json holds the same data in a form that a machine reads.",
        "kept": "What we keep",
        "what": "Data",
        "number": "Number",
        "mail": "original mail",
        "others": "Other files",
    },
}
Rows = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What went into the archive: rows of tables, and files."""

    rows: int
    files: int


def export_person(runtime: Runtime, email: str, path: Path, *, read_file: ReadFile, by: int | None = None) -> Exported:
    """Write the archive to a new file that only we can read; `by` asks for it, None for the shell.

    Raises NotFound where nothing is kept about the address, Refused where the file is there already or cannot be
    written.
    """
    with runtime.database.reading() as connection:
        subject = find_subject(connection, email)
        own = set(connection.scalars(select(entries.c.raw_sha256).where(entries.c.id.in_(sorted(subject.authored)))))
        plan = look_through_archive(runtime, subject, own=own - {None}, near=set(), words=())
        subject = replace(subject, mails=frozenset(plan.own))
        rows = _rows_of(connection, subject)
    if not any(rows.values()) and not subject.mails:
        raise NotFound("nothing is kept about this address")
    files = _mails(runtime, subject) | _sounds(runtime, rows)
    attached = _attached(runtime, rows, read_file)
    files |= dict(attached.values())
    page = _page(runtime, subject, rows, attached=attached, files=files)
    _write(path, {"index.html": page, "person.json": _json(subject, rows, runtime.clock.now()), **files})
    with runtime.database.transaction() as connection:
        record_audit(
            connection,
            at=runtime.clock.now(),
            actor_id=by,
            action=AuditAction.PERSON_EXPORTED,
            subject=subject.email,
            person_id=subject.person_id,
            detail={"files": len(files)},
        )
    return Exported(rows=sum(map(len, rows.values())), files=len(files))


def _rows_of(connection: Connection, subject: DataSubject) -> Rows:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, care in INVENTORY.items():
        condition = care.shown or care.theirs
        if condition is None or name not in metadata.tables:
            continue
        table = metadata.tables[name]
        query = select(table).where(condition(subject)).order_by(*table.primary_key.columns)
        rows = [dict(row._mapping) for row in connection.execute(query)]
        found[name] = [{key: value for key, value in row.items() if key not in care.secret} for row in rows]
    return found


def _mails(runtime: Runtime, subject: DataSubject) -> dict[str, bytes]:
    found = {}
    for digest in sorted(subject.mails):
        try:
            found[f"mails/{digest}.eml"] = runtime.archive.read(digest)
        except NotFound:
            continue  # its time was over
    return found


def _sounds(runtime: Runtime, rows: Rows) -> dict[str, bytes]:
    names = sorted({sound_name(row["sha256"]) for row in rows["call_messages"] if row["sha256"]})
    return {f"calls/{name.sha256}{name.kind.ending}": sound for name, sound in read_each(runtime.files, names)}


def _attached(runtime: Runtime, rows: Rows, read_file: ReadFile) -> dict[int, tuple[str, bytes]]:
    """The files of the entries shown, by attachment id: a path in the archive, and the content."""
    raw = {row["id"]: row["raw_sha256"] for row in rows["entries"]}
    found = {}
    for row in rows["attachments"]:
        try:
            content = read_file(runtime.archive.read(raw.get(row["entry_id"]) or ""), row["position"])
        except (NotFound, IndexError):
            continue  # its time was over
        found[row["id"]] = f"files/{row['id']}-{_UNSAFE.sub('_', row['name'])[-80:]}", content
    return found


def _page(
    runtime: Runtime,
    subject: DataSubject,
    rows: Rows,
    *,
    attached: Mapping[int, tuple[str, bytes]],
    files: Iterable[str],
) -> bytes:
    known = next(iter(rows["people"]), {})
    lang = known.get("lang") or runtime.settings.project_list[0].language.value
    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    told = [_ticket(ticket, rows, attached=attached, files=set(files)) for ticket in rows["tickets"]]
    linked = {path for ticket in told for entry in ticket["entries"] for path in entry["paths"]}
    return (
        environment.get_template("person.html")
        .render(
            lang=lang,
            say=_SAYING[lang],
            email=subject.email,
            made_at=f"{runtime.clock.now():%Y-%m-%d %H:%M} UTC",
            summary=[(INVENTORY[name].holds, len(found)) for name, found in rows.items() if found],
            tickets=told,
            others=sorted(set(files) - linked),
        )
        .encode()
    )


def _ticket(
    ticket: Mapping[str, Any], rows: Rows, *, attached: Mapping[int, tuple[str, bytes]], files: set[str]
) -> dict[str, Any]:
    return {
        **ticket,
        "created_at": f"{ticket['created_at']:%Y-%m-%d}",
        "entries": [
            _entry(entry, rows, attached=attached, files=files)
            for entry in sorted(rows["entries"], key=lambda one: (one["at"], one["id"]))
            if entry["ticket_id"] == ticket["id"]
        ],
    }


def _entry(
    entry: Mapping[str, Any], rows: Rows, *, attached: Mapping[int, tuple[str, bytes]], files: set[str]
) -> dict[str, Any]:
    mail = f"mails/{entry['raw_sha256']}.eml"
    listed = [
        {"name": row["name"], "size": row["size"], "path": attached[row["id"]][0]}
        for row in rows["attachments"]
        if row["entry_id"] == entry["id"] and row["id"] in attached
    ]
    return {
        **entry,
        "at": f"{entry['at']:%Y-%m-%d %H:%M}",
        "mail": mail if mail in files else "",
        "files": listed,
        "paths": [*(file["path"] for file in listed), *([mail] if mail in files else [])],
    }


def _json(subject: DataSubject, rows: Rows, now: datetime) -> bytes:
    document = {
        "person": subject.email,
        "made_at": now,
        "tables": {name: found for name, found in rows.items() if found},
    }
    return json.dumps(document, ensure_ascii=False, indent=1, default=_plain).encode()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def _write(path: Path, files: Mapping[str, bytes]) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
