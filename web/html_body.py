"""The mail of an entry in its own layout: a small page of its own, shown in a frame in which nothing can act.

Three locks, each enough alone: the HTML is cleaned (`gateway.mail.display_html`), its policy lets nothing be loaded
or run, and both the frame and the policy put it in a sandbox. A link opens a page of its own, which is told nothing.
"""

import base64
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from flask import Flask, Response, render_template
from sqlalchemy import Row

from gateway.db.tickets import list_attachments, list_entries
from gateway.errors import NotFound
from gateway.mail.formatted import show_formatted
from web.desk_files import readable
from web.kept_files import raw_mail
from web.state import web
from web.tickets import my_ticket

# Of the page around the mail; the mail's own styles are taken away.
_STYLE = (
    ":root{color-scheme:light}body{margin:.75rem;background:#fff;color:#111;font:1rem/1.45 system-ui,sans-serif;"
    "overflow-wrap:anywhere}img{max-width:100%;height:auto}pre{white-space:pre-wrap;font:inherit}"
    "blockquote{margin:.5rem 0;padding-left:.75rem;border-left:3px solid #bbb}td,th{vertical-align:top}"
)
_STYLE_SUM = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_SUM}'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/tickets/<ref>/entries/<int:entry_id>/formatted", "formatted", show)
    app.add_url_rule("/desk/tickets/<ref>/entries/<int:entry_id>/formatted", "desk_formatted", show_at_desk)


def show(ref: str, entry_id: int) -> Response:
    """GET /tickets/REF/entries/ID/formatted. The text alone where the mail is gone or cannot be made safe to show."""
    with web().runtime.database.reading() as connection:
        ticket = my_ticket(connection, ref)
        rows = {row.id: row for row in list_entries(connection, ticket.id, visible_only=True)}
        files = list_attachments(connection, ticket.id)
    return _page(rows.get(entry_id), files.get(entry_id, ()))


def show_at_desk(ref: str, entry_id: int) -> Response:
    """GET /desk/tickets/REF/entries/ID/formatted, for an agent who reads the entry."""
    rows, files = readable(ref)
    return _page(rows.get(entry_id), files.get(entry_id, ()))


def _page(entry: Row[Any] | None, files: Sequence[Row[Any]]) -> Response:
    if entry is None or not entry.data.get("has_layout"):
        raise NotFound("there is no such mail")
    html = _layout(entry, kept=frozenset(file.position for file in files))
    answer = Response(render_template("formatted.html", style=_STYLE, html=html, text=entry.text))
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _layout(entry: Row[Any], *, kept: frozenset[int]) -> str | None:
    """The mail as safe HTML; None where there is nothing but its text. Raises StoreTrouble."""
    try:
        raw = raw_mail(entry.raw_sha256, since=entry.at)
    except NotFound:
        return None
    return show_formatted(web().read_formatted(raw), kept=kept)
