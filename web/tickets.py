"""My requests, and one request's timeline. Only what its reporter may see ever reaches a template.

A reference that is somebody else's and one that does not exist are the same 404.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, render_template
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection

from gateway.db.hotline import find_hotline_code
from gateway.db.people import Person
from gateway.db.tickets import Ticket, find_ticket, list_attachments, list_entries, list_tickets
from gateway.domain.ticket import Direction, Status, is_reference
from gateway.errors import NotFound
from web.file_names import clean_file_name
from web.remarks import remarks
from web.state import visitor, web

LISTED = 200
# Two sentences for each state: where it stands, and what that means for the reader.
STATES = {
    Status.NEW: (lazy_gettext("New request"), lazy_gettext("We have it; nobody has taken it up yet.")),
    Status.OPEN: (lazy_gettext("In progress"), lazy_gettext("Somebody is working on it.")),
    Status.PENDING: (lazy_gettext("Waiting for you"), lazy_gettext("We need your answer to go on.")),
    Status.RESOLVED: (lazy_gettext("Resolved"), lazy_gettext("If it is not solved for you, answer below.")),
    Status.CLOSED: (lazy_gettext("Closed"), lazy_gettext("Nothing more is planned for it.")),
    Status.MERGED: (lazy_gettext("Merged"), lazy_gettext("It is followed up under another request.")),
}


@dataclass(frozen=True, kw_only=True)
class FileView:
    """A file to download. `name` is fit to be shown."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, kw_only=True)
class EntryView:
    """A timeline entry as its reader sees it. `quoted` is what stood below or above the new text,
    `remarks` what there is to know about its mail."""

    id: int
    at: datetime
    author: str
    from_us: bool
    text: str
    quoted: str
    files: tuple[FileView, ...]
    remarks: tuple[str, ...]


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/tickets", "tickets", show_tickets)
    app.add_url_rule("/tickets/<ref>", "ticket", show_ticket)


def show_tickets() -> str:
    """GET /tickets"""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        found = list_tickets(connection, reporter_id=visitor().person.id, limit=LISTED + 1)
    projects = runtime.settings.project_list
    return render_template(
        "tickets.html",
        tickets=found[:LISTED],
        cut=len(found) > LISTED,
        limit=LISTED,
        states=STATES,
        addresses=[project.address for project in projects],
    )


def show_ticket(ref: str) -> str:
    """GET /tickets/REF"""
    return ticket_page(ref)


def ticket_page(ref: str, *, typed: str = "", nonce: str | None = None, error: str | None = None) -> str:
    """One request's page. `typed`, `nonce` and `error` bring a reply that could not be taken back into its box."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        ticket = my_ticket(connection, ref)
        timeline = _timeline(connection, ticket, visitor().person)
        code = find_hotline_code(connection, ticket)
    hotlines = {project.key: project.hotline for project in runtime.settings.project_list}
    names = {project.key: project.name for project in runtime.settings.project_list}
    state, meaning = STATES[Status(ticket.status)]
    return render_template(
        "ticket.html",
        ticket=ticket,
        project=names.get(ticket.project, ticket.project),
        state=state,
        meaning=meaning,
        hotline=hotlines.get(ticket.project),
        hotline_code=None if code is None else f"{code[:4]} {code[4:]}",
        timeline=timeline,
        typed=typed,
        nonce=nonce or secrets.token_urlsafe(16),
        error=error,
    )


def my_ticket(connection: Connection, ref: str) -> Ticket:
    """The visitor's own request with this reference. Raises NotFound for any other."""
    ticket = find_ticket(connection, ref=ref) if is_reference(ref) else None
    if ticket is None or ticket.reporter_id != visitor().person.id:
        raise NotFound("there is no such request")
    return ticket


def _timeline(connection: Connection, ticket: Ticket, reader: Person) -> list[EntryView]:
    files = list_attachments(connection, ticket.id)
    return [
        EntryView(
            id=row.id,
            at=row.at,
            author=gettext("You") if row.author_id == reader.id else row.author,
            from_us=row.direction != Direction.IN,
            text=row.text.strip("\n"),
            quoted=row.removed_text.strip("\n"),
            files=tuple(
                FileView(id=file.id, name=clean_file_name(file.name), size=file.size) for file in files.get(row.id, [])
            ),
            remarks=tuple(remarks(row.data)),
        )
        for row in list_entries(connection, ticket.id, visible_only=True)
    ]
