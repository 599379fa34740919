"""The desk's first page: what is to be done, what is due first at the top; and the search over everything.

Nothing here is open to somebody who works for no project: the same 404 as a page that does not exist.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from flask import Flask, current_app, render_template, request

from gateway.db.queue import QueueFilter, list_queue
from gateway.db.search import search_tickets
from gateway.domain.ticket import Kind, Level, Severity, Status
from gateway.errors import NotFound
from gateway.services.desk_mail import decides_for
from gateway.services.desk_scope import Roles, desk_scope, own_teams, supervised
from web.access import is_staff, visitor_roles
from web.desk_view import due_view
from web.paging import page_number, page_of
from web.state import visitor, web
from web.words import AGENT_STATES

PAGE = 50
FOUND = 50
_FOR_SOME = {"desk_mail": decides_for, "desk_report": supervised, "desk_status": supervised}
"""Pages that are not everybody's at the desk: the projects for which they are somebody's, by roles."""
_Word = TypeVar("_Word", bound=StrEnum)


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/desk", "desk", show_queue)
    app.add_url_rule("/desk/search", "desk_search", show_found)
    app.add_template_global(_has_page, "has_page")
    app.add_template_global(lambda status: AGENT_STATES[Status(status)], "desk_state")


def desk_roles() -> Roles:
    """The visitor's roles, for a page of the desk. Raises NotFound for somebody who works for no project."""
    if not is_staff():
        raise NotFound("there is no desk for this person")
    return visitor_roles()


def _has_page(endpoint: str) -> bool:
    """Whether the desk's menu leads there: the page is served, and open to the visitor."""
    roles = visitor_roles()
    is_open = endpoint not in _FOR_SOME or bool(_FOR_SOME[endpoint](roles))
    return is_open and endpoint in current_app.view_functions


def show_queue() -> str:
    """GET /desk"""
    runtime, roles = web().runtime, desk_roles()
    now, number = runtime.clock.now(), page_number(request.args.get("page"))
    wanted = queue_filter(request.args, roles, person_id=visitor().person.id, now=now)
    with runtime.database.reading() as connection:
        items = list_queue(connection, desk_scope(roles), wanted, limit=PAGE + 1, offset=(number - 1) * PAGE)
    return render_template(
        "desk/queue.html",
        items=[(item, due_view(item, now)) for item in items[:PAGE]],
        asked=request.args,
        page=page_of("/desk", request.args, number=number, has_more=len(items) > PAGE),
        projects=project_choices(roles),
        teams=own_teams(roles),
    )


def show_found() -> str:
    """GET /desk/search?q=WORDS"""
    runtime, roles = web().runtime, desk_roles()
    words = request.args.get("q", "").strip()[:200]
    with runtime.database.reading() as connection:
        found = search_tickets(connection, words, desk_scope(roles), FOUND + 1)
    return render_template(
        "desk/found.html",
        words=words,
        found=found.tickets[:FOUND],
        limit=FOUND,
        is_cut=len(found.tickets) > FOUND,
        has_older=not found.is_all,
    )


def queue_filter(asked: Mapping[str, str], roles: Roles, *, person_id: int, now: datetime) -> QueueFilter:
    """What a query asks for; what is no word of ours asks for nothing. Without a level: that of one's own teams."""
    level = asked.get("level", "")
    return QueueFilter(
        teams=own_teams(roles) if level == "" else None,
        level=_word(Level, level),
        assignee_id=person_id if asked.get("mine") else None,
        is_unassigned=bool(asked.get("unassigned")),
        project=asked.get("project") or None,
        severity=_word(Severity, asked.get("severity", "")),
        kind=_word(Kind, asked.get("kind", "")),
        is_waiting=bool(asked.get("waiting")),
        overdue_at=now if asked.get("overdue") else None,
        is_to_call=bool(asked.get("to_call")),
    )


def project_choices(roles: Roles) -> list[tuple[str, str]]:
    """The projects that the visitor works for, with their names."""
    names = {project.key: project.name for project in web().runtime.settings.project_list}
    return [(key, names.get(key, key)) for key in sorted(own_teams(roles))]


def _word(words: type[_Word], text: str) -> _Word | None:
    return words(text) if text in set(words) else None
