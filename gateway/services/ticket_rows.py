"""A ticket, and what is on its timeline, under the names that the command line and the API give to them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row

from gateway.db.participants import find_participants
from gateway.db.people import find_emails
from gateway.db.ticket_events import histories_of, history_of, standing_of
from gateway.db.ticket_links import find_relations
from gateway.db.tickets import Ticket, list_attachments, list_entries
from gateway.domain.kinds import details_of
from gateway.runtime import Runtime
from gateway.services.current_project import current_project, current_projects
from gateway.services.ticket_clocks import TicketClocks, ticket_clocks


def ticket_rows(connection: Connection, runtime: Runtime, found: Sequence[Ticket]) -> list[dict[str, Any]]:
    """The fields of these tickets, in their order."""
    histories = histories_of(connection, {one.id: standing_of(one) for one in found})
    emails = find_emails(connection, {one.assignee_id for one in found if one.assignee_id is not None})
    projects = current_projects(connection, runtime, (one.project for one in found))
    now = runtime.clock.now()
    return [ticket_row(one, ticket_clocks(histories[one.id], projects[one.project], now=now), emails) for one in found]


def show_row(connection: Connection, runtime: Runtime, found: Ticket) -> dict[str, Any]:
    """A ticket with its timeline, who is on it, the tickets around it, and one line that explains each clock."""
    files = list_attachments(connection, found.id)
    timeline = [entry_row(entry, files.get(entry.id, [])) for entry in list_entries(connection, found.id)]
    return row_with(connection, runtime, found, timeline)


def row_with(
    connection: Connection, runtime: Runtime, found: Ticket, timeline: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The same with these rows of its timeline, which may be a part of it."""
    project = current_project(connection, runtime, found.project)
    history = history_of(connection, found)
    clocks = ticket_clocks(history, project, now=runtime.clock.now())
    emails = find_emails(connection, [] if found.assignee_id is None else [found.assignee_id])
    row = ticket_row(found, clocks, emails) | asdict(find_relations(connection, found))
    row |= {
        "fields": details_of(history),
        "people": sorted(find_participants(connection, found.id)),
        "timeline": list(timeline),
    }
    return row | {"clocks": clocks.explanations()}


def ticket_row(found: Ticket, clocks: TicketClocks, emails: Mapping[int, str]) -> dict[str, Any]:
    """The fields of a ticket that the operator's interface names. `emails` are those of agents, by person id."""
    return {
        "ref": found.ref,
        "project": found.project,
        "subject": found.subject,
        "kind": found.kind,
        "severity": found.severity,
        "status": found.status,
        "level": found.level,
        "reporter": found.reporter,
        "assignee": None if found.assignee_id is None else emails.get(found.assignee_id),
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "entries": found.entries,
        **clocks.fields(),
    }


def entry_row(entry: Row[Any], files: list[Row[Any]]) -> dict[str, Any]:
    """The fields of a timeline entry that the operator's interface names."""
    return {
        "id": entry.id,
        "at": entry.at.isoformat().replace("+00:00", "Z"),
        "type": entry.type,
        "direction": entry.direction,
        "author": entry.author,
        "text": entry.text,
        "removed_text": entry.removed_text,
        "attachments": [
            {"name": file.name, "type": file.type, "size": file.size, "sha256": file.sha256} for file in files
        ],
        "message_id": entry.message_id,
        "in_reply_to": entry.in_reply_to,
        "references": entry.reference_ids,
        "channel": entry.channel,
        "match": entry.match,
        "visible": entry.visible,
        "details": entry.data,
    }
