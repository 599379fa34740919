"""What the API does: each view is given a checked request and answers with values; the table is `api_routes`."""

import re

from flask import request
from flask_babel import gettext

from gateway.db.receipts import find_ticket_of
from gateway.db.search import search_tickets
from gateway.db.ticket_page import Place, TicketFilter, list_page
from gateway.db.tickets import find_ticket
from gateway.domain.change import Change
from gateway.errors import Conflict, NotFound
from gateway.services.program_act import act_by_program
from gateway.services.program_look import find_for, look_for, person_scope, rows_for, version_now
from gateway.services.seen_version import Version
from gateway.services.web_form import fingerprint_of
from web.api_models import ChangeBody, SearchQuery, TicketQuery, TimelineQuery
from web.api_page import entry_cursor, no_cursor, place_after, read_entry_cursor, read_place
from web.api_problem import ApiError
from web.api_route import Answer, Call
from web.state import web

_TAG = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


def list_tickets(call: Call) -> Answer:
    """GET /tickets"""
    asked, person, runtime = call.query, call.bearer.person, web().runtime
    assert isinstance(asked, TicketQuery)
    wanted = TicketFilter(
        project=asked.project,
        status=asked.status,
        level=asked.level,
        severity=asked.severity,
        kind=asked.kind,
        assignee_id=person.id if asked.assignee == "me" else None,
        is_unassigned=asked.assignee == "nobody",
        since=asked.since,
    )
    after: Place | None = read_place(asked.cursor)
    with runtime.database.reading() as connection:
        scope = person_scope(connection, runtime, person)
        found = list_page(connection, scope, wanted, after=after, limit=asked.limit + 1)
        rows = rows_for(connection, runtime, found[: asked.limit], person)
    has_more = len(found) > asked.limit
    return Answer(body={"tickets": rows, "next": place_after(found[asked.limit - 1]) if has_more else None})


def search(call: Call) -> Answer:
    """GET /search"""
    asked, person, runtime = call.query, call.bearer.person, web().runtime
    assert isinstance(asked, SearchQuery)
    with runtime.database.reading() as connection:
        scope = person_scope(connection, runtime, person)
        found = search_tickets(connection, asked.q, scope, asked.limit + 1)
        rows = rows_for(connection, runtime, found.tickets[: asked.limit], person)
    return Answer(body={"tickets": rows, "cut": len(found.tickets) > asked.limit or not found.is_all})


def show_ticket(call: Call, ref: str) -> Answer:
    """GET /tickets/REF, with its version as an entity tag."""
    person, runtime = call.bearer.person, web().runtime
    upto = read_entry_cursor(call.query.cursor) if isinstance(call.query, TimelineQuery) else None
    with runtime.database.reading() as connection:
        seen = find_for(connection, runtime, ref, person)
        try:
            row = look_for(connection, runtime, seen, person, upto=upto)
        except ValueError:
            raise no_cursor() from None
        row["next"] = entry_cursor(row["next"])
        version = version_now(connection, seen.ticket.id)
    return Answer(body=row, headers={"ETag": f'"{version.entry_id}-{version.event_id}"'})


def change_ticket(call: Call, ref: str) -> Answer:
    """PATCH /tickets/REF, on the version that the If-Match header names."""
    asked = call.body
    assert isinstance(asked, ChangeBody)
    change = Change(
        kind=asked.kind,
        details=tuple(asked.fields.items()),
        severity=asked.severity,
        status=asked.status,
        level=asked.level,
        assignee=asked.assign,
        reply=asked.reply,
        workaround=asked.workaround,
        note=asked.note,
        reason=asked.reason,
    )
    runtime, person = web().runtime, call.bearer.person
    with runtime.database.reading() as connection:
        find_for(connection, runtime, ref, person)  # NotFound before anything is said of it
    try:
        act_by_program(runtime, ref=ref, change=change, by=person.email, version=known_version())
    except Conflict:
        raise ApiError(412, gettext("The ticket has changed meanwhile: read it again.")) from None
    return show_ticket(call, ref)


def show_report(call: Call, number: str) -> Answer:
    """GET /reports/NUMBER: what became of a report of theirs. Raises NotFound until it is filed."""
    with web().runtime.database.reading() as connection:
        ticket_id = find_ticket_of(connection, fingerprint_of(call.bearer.person.id, number))
        ticket = None if ticket_id is None else find_ticket(connection, ticket_id=ticket_id)
    if ticket is None:
        raise NotFound("there is no such report, or it is on its way")
    return Answer(body={"number": number, "ticket": ticket.ref})


def known_version() -> Version | None:
    """The version that the program knew; None for any. Raises ApiError where it names none (RFC 6585, 3)."""
    if "If-Match" not in request.headers:
        raise ApiError(428, gettext("Send the ETag of the ticket as you know it in If-Match."))
    tags = request.if_match
    if tags.star_tag:
        return None
    known = [found for tag in tags.as_set() if (found := _TAG.fullmatch(tag))]
    if len(known) != 1:
        raise ApiError(412, gettext("If-Match names no version of this ticket."))
    return Version(entry_id=int(known[0][1]), event_id=int(known[0][2]))
