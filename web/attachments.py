"""A file of my request, taken out of the raw mail: as a download that no browser runs or shows, or as a small image."""

from typing import Any

from flask import Flask, Response

from gateway.db.tickets import list_attachments, list_entries
from gateway.errors import NotFound
from web.file_names import content_disposition
from web.images import raster_type
from web.kept_files import raw_mail
from web.state import web
from web.tickets import my_ticket
from web.timeline import may_preview

# The rest is bytes: a type from a mail is a stranger's claim.
_TYPES = {
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
    "application/pdf": "application/pdf",
    "text/plain": "text/plain; charset=utf-8",
}
_POLICY = "sandbox; default-src 'none'"


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/tickets/<ref>/attachments/<int:attachment_id>", "attachment", download)
    app.add_url_rule("/tickets/<ref>/attachments/<int:attachment_id>/preview", "preview", preview)


def download(ref: str, attachment_id: int) -> Response:
    """GET /tickets/REF/attachments/ID. Files of entries that the reporter does not see do not exist for them."""
    file, entry = _find(ref, attachment_id)
    answer = Response(_content(file, entry), content_type=_TYPES.get(file.type.lower(), "application/octet-stream"))
    answer.headers["Content-Disposition"] = content_disposition(file.name)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def preview(ref: str, attachment_id: int) -> Response:
    """GET /tickets/REF/attachments/ID/preview: the image, if that is what the file really is."""
    file, entry = _find(ref, attachment_id)
    content = _content(file, entry) if may_preview(file) else b""
    kind = raster_type(content)
    if kind is None:
        raise NotFound("there is nothing to show of this file")
    answer = Response(content, content_type=kind)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def _find(ref: str, attachment_id: int) -> tuple[Any, Any]:
    """The file's row, and that of the entry whose raw mail it is in. Raises NotFound."""
    with web().runtime.database.reading() as connection:
        ticket = my_ticket(connection, ref)
        shown = {row.id: row for row in list_entries(connection, ticket.id, visible_only=True)}
        files = [file for rows in list_attachments(connection, ticket.id).values() for file in rows]
    file = next((file for file in files if file.id == attachment_id), None)
    entry = None if file is None else shown.get(file.entry_id)
    if entry is None or entry.raw_sha256 is None:
        raise NotFound("there is no such file")
    return file, entry


def _content(file: Any, entry: Any) -> bytes:
    return web().read_attachment(raw_mail(entry.raw_sha256, since=entry.at), file.position)
