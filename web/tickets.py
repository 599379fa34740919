"""My requests, my organisation's where the contract says so, and one request's page.

Only what its reporter may see ever reaches a template. A reference that is somebody else's and one that does not exist
are the same 404.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from gateway.db.conversation import entries_with, files_with, outline
from gateway.db.hotline import find_hotline_code
from gateway.db.joint_reporters import is_joint_reporter
from gateway.db.my_tickets import list_followed
from gateway.db.participants import find_participants
from gateway.db.scope import Scope
from gateway.db.search import search_tickets
from gateway.db.ticket_events import histories_of, history_of, standing_of
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.parts import part_entries
from gateway.domain.ticket import Language, Severity, Status, is_reference
from gateway.errors import NotFound
from gateway.mail.address import domain_of
from gateway.services.current_project import current_project, current_projects
from gateway.services.outcome import question_on
from gateway.services.roles import actor_for
from gateway.services.ticket_clocks import find_project, ticket_clocks
from web.access import works
from web.drafts import find_draft, reply_place
from web.hotline_view import hotline_view
from web.i18n import file_size
from web.paging import page_number, page_of
from web.parts_view import LONGEST, asked_part, parts_view
from web.state import visitor, web
from web.ticket_view import TicketView, ticket_view
from web.timeline import timeline
from web.uploads import most_in_all

LISTED = 25


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is in the reply box: `faults` are pairs of a field's id and a sentence about it."""

    text: str = ""
    nonce: str = ""
    faults: Sequence[tuple[str, str]] = ()
    is_draft: bool = False


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/tickets", "tickets", show_tickets)
    app.add_url_rule("/tickets/<ref>", "ticket", show_ticket)


def show_tickets() -> str:
    """GET /tickets?q=WORDS&whose=mine&page=N"""
    runtime = web().runtime
    searched = request.args.get("q", "").strip()[:200]
    only_mine = request.args.get("whose") == "mine"
    number = page_number(request.args.get("page"))
    scope = _scope(only_mine=only_mine)
    upto = number * LISTED + 1
    has_older = False
    with runtime.database.reading() as connection:
        if searched:
            all_found = search_tickets(connection, searched, scope, upto)
            found, has_older = all_found.tickets[upto - LISTED - 1 :], not all_found.is_all
        else:
            found = list_followed(connection, scope, limit=LISTED + 1, offset=upto - LISTED - 1)
        views = _views(connection, found[:LISTED])
    query = {"q": searched, "whose": "mine" if only_mine else ""}
    return render_template(
        "tickets.html",
        tickets=views,
        searched=searched,
        only_mine=only_mine,
        has_older=has_older,
        has_colleagues=bool(_scope(only_mine=False).organisations),
        page=page_of("/tickets", query, number=number, has_more=len(found) > LISTED),
        addresses=[project.address for project in runtime.settings.project_list],
    )


def show_ticket(ref: str) -> str | Response:
    """GET /tickets/REF?entry=ID or ?whole=1. What is not an agent's own request is for the desk, to which the links of
    their mails lead them by this page."""
    kept = find_draft(reply_place(ref)) if is_reference(ref) else {}
    try:
        return ticket_page(ref, reply=Reply(text=kept.get("text", ""), is_draft=bool(kept)))
    except NotFound:
        if not is_reference(ref) or not works():
            raise
    return redirect(url_for("desk_ticket", ref=ref), 303)


def ticket_page(ref: str, *, reply: Reply) -> str:
    """One request's page. `reply` may bring back what could not be taken."""
    runtime = web().runtime
    now = runtime.clock.now()
    reader = visitor().person
    with runtime.database.reading() as connection:
        ticket = my_ticket(connection, ref)
        lengths = [(row.id, row.length) for row in outline(connection, ticket.id, visible_only=True)]
        asked = asked_part(request.args)
        parted = part_entries(lengths, asked)
        rows = entries_with(connection, parted.ids)
        files = files_with(connection, parted.ids)
        code = find_hotline_code(connection, ticket)
        history = history_of(connection, ticket)
        question = question_on(connection, runtime, ticket, reader)
        people = find_participants(connection, ticket.id)
        survivor = None if ticket.merged_into_id is None else find_ticket(connection, ticket_id=ticket.merged_into_id)
        is_followed = survivor is not None and _follows(connection, survivor)
        project = current_project(connection, runtime, ticket.project)
    clocks = ticket_clocks(history, project, now=now)
    is_urgent = code is not None or (ticket.severity == Severity.BLOCKING and Status(ticket.status) is Status.NEW)
    return render_template(
        "ticket.html",
        ticket=ticket_view(ticket, clocks, names=_project_names(), reader_id=reader.id),
        hotline=hotline_view(project, code, now=now) if is_urgent else None,
        survivor=survivor.ref if survivor is not None and is_followed else None,
        outcomes=frozenset() if question is None else question.answers,
        people=sorted(people),
        me=reader.email,
        timeline=timeline(rows, files, ref=ticket.ref, reader_id=reader.id, written_in=Language(ticket.lang)),
        parts=parts_view(parted, f"/tickets/{ticket.ref}"),
        longest=None if asked.is_whole else LONGEST,
        whole=f"/tickets/{ticket.ref}?whole=1",
        reply=reply,
        nonce=reply.nonce or secrets.token_urlsafe(16),
        limit=file_size(most_in_all(runtime.settings)),
    )


def my_ticket(connection: Connection, ref: str) -> Ticket:
    """The request with this reference, if it is the visitor's own or their organisation's. Raises NotFound."""
    ticket = find_ticket(connection, ref=ref) if is_reference(ref) else None
    if ticket is None or not _follows(connection, ticket):
        raise NotFound("there is no such request")
    return ticket


def _follows(connection: Connection, ticket: Ticket) -> bool:
    person = visitor().person
    project = find_project(web().runtime, ticket.project)
    if ticket.reporter_id == person.id or project is None:
        return ticket.reporter_id == person.id
    if is_joint_reporter(connection, ticket_id=ticket.id, person_id=person.id):
        return True
    return actor_for(connection, project, person.email, reporter=ticket.reporter).is_colleague


def _scope(*, only_mine: bool) -> Scope:
    """Their own requests, and those of their organisation where a contract says so."""
    person = visitor().person
    domain = domain_of(person.email)
    projects = () if only_mine else web().runtime.settings.project_list
    organisations = {project.key: domain for project in projects if domain in project.contract.organisations}
    return Scope(reporter_id=person.id, organisations=organisations)


def _views(connection: Connection, found: Sequence[Ticket]) -> list[TicketView]:
    runtime, names, reader_id = web().runtime, _project_names(), visitor().person.id
    now = runtime.clock.now()
    histories = histories_of(connection, {ticket.id: standing_of(ticket) for ticket in found})
    projects = current_projects(connection, runtime, (ticket.project for ticket in found))
    return [
        ticket_view(
            ticket,
            ticket_clocks(histories[ticket.id], projects[ticket.project], now=now),
            names=names,
            reader_id=reader_id,
        )
        for ticket in found
    ]


def _project_names() -> dict[str, str]:
    return {project.key: project.name for project in web().runtime.settings.project_list}
