"""A file of my request, taken out of the raw mail and handed over as a download that no browser runs or shows."""

from flask import Flask, Response

from gateway.db.tickets import list_attachments, list_entries
from gateway.errors import NotFound
from web.file_names import content_disposition
from web.state import web
from web.tickets import my_ticket

# The rest is bytes: a type from a mail is a stranger's claim.
_TYPES = {
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
    "application/pdf": "application/pdf",
    "text/plain": "text/plain; charset=utf-8",
}


def register(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule("/tickets/<ref>/attachments/<int:attachment_id>", "attachment", download)


def download(ref: str, attachment_id: int) -> Response:
    """GET /tickets/REF/attachments/ID. Files of entries that the reporter does not see do not exist for them."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        ticket = my_ticket(connection, ref)
        raw = {row.id: row.raw_sha256 for row in list_entries(connection, ticket.id, visible_only=True)}
        files = [file for rows in list_attachments(connection, ticket.id).values() for file in rows]
    file = next((file for file in files if file.id == attachment_id), None)
    if file is None or raw.get(file.entry_id) is None:
        raise NotFound("there is no such file")
    content = web().read_attachment(runtime.archive.read(raw[file.entry_id]), file.position)
    answer = Response(content, content_type=_TYPES.get(file.type.lower(), "application/octet-stream"))
    answer.headers["Content-Disposition"] = content_disposition(file.name)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
