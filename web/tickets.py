"""My requests, and one request's timeline. Only what its reporter may see ever reaches a template.

A reference that is somebody else's and one that does not exist are the same 404.
"""

import secrets

from flask import Flask, render_template
from sqlalchemy import Connection

from gateway.db.hotline import find_hotline_code
from gateway.db.tickets import Ticket, find_ticket, list_attachments, list_entries, list_tickets
from gateway.domain.ticket import Status, is_reference
from gateway.errors import NotFound
from web.state import visitor, web
from web.timeline import timeline
from web.words import STATES

LISTED = 200


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
        rows = list_entries(connection, ticket.id, visible_only=True)
        files = list_attachments(connection, ticket.id)
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
        timeline=timeline(rows, files, ref=ticket.ref, reader_id=visitor().person.id),
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
