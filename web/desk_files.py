"""What a ticket's entries hold beside their text, for its agents: files, and the mail as it came. Always a download."""

from typing import Any

from flask import Flask, Response
from sqlalchemy import Row

from gateway.db.tickets import list_attachments, list_entries
from gateway.domain.audit import AuditAction
from gateway.errors import NotFound
from gateway.services.desk_look import sight
from web.desk import desk_roles
from web.file_names import content_disposition
from web.kept_files import raw_mail
from web.noting import note_read
from web.state import visitor, web


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/desk/tickets/<ref>/files/<int:file_id>", "desk_file", download)
    app.add_url_rule("/desk/tickets/<ref>/entries/<int:entry_id>/raw", "desk_raw", raw)


def download(ref: str, file_id: int) -> Response:
    """GET /desk/tickets/REF/files/ID. A file of an entry that the agent does not read does not exist for them."""
    rows, files = readable(ref)
    file = next((file for listed in files.values() for file in listed if file.id == file_id), None)
    entry = None if file is None else rows.get(file.entry_id)
    if file is None or entry is None or entry.raw_sha256 is None:
        raise NotFound("there is no such file")
    content = web().read_attachment(raw_mail(entry.raw_sha256, since=entry.at), file.position)
    return _download(content, file.name)


def raw(ref: str, entry_id: int) -> Response:
    """GET /desk/tickets/REF/entries/ID/raw: the mail, byte for byte."""
    rows, _ = readable(ref)
    entry = rows.get(entry_id)
    if entry is None or entry.raw_sha256 is None:
        raise NotFound("there is no such mail")
    content = raw_mail(entry.raw_sha256, since=entry.at)
    note_read(AuditAction.RAW_READ, ref, project=ref.partition("-")[0], detail={"entry": entry_id})
    return _download(content, f"{ref}-{entry_id}.eml")


def readable(ref: str) -> tuple[dict[int, Row[Any]], dict[int, list[Row[Any]]]]:
    """The entries that the agent reads, by id, and the files of all."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        seen = sight(connection, runtime, ref, desk_roles(), person_id=visitor().person.id)
        rows = {row.id: row for row in list_entries(connection, seen.ticket.id) if seen.reads(row)}
        return rows, list_attachments(connection, seen.ticket.id)


def _download(content: bytes, name: str) -> Response:
    answer = Response(content, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = content_disposition(name)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
