"""`gateway ticket`, `gateway outbox`: what there is, and what went out."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import click
from sqlalchemy import Connection, Row

from gateway.admin.context import command_runtime, print_rows
from gateway.db.outbox import list_deliveries
from gateway.db.participants import find_participants
from gateway.db.people import find_emails
from gateway.db.ticket_events import histories_of, history_of, standing_of
from gateway.db.ticket_links import find_relations
from gateway.db.tickets import Ticket, find_ticket, list_attachments, list_entries, list_tickets
from gateway.domain.kinds import details_of
from gateway.errors import NotFound
from gateway.runtime import Runtime
from gateway.services.current_project import current_project, current_projects
from gateway.services.ticket_clocks import TicketClocks, ticket_clocks

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def ticket() -> None:
    """Tickets and their timelines."""


@ticket.command("list")
@_json
def ticket_list(*, as_json: bool) -> None:
    """Every ticket, the one that moved last first."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        found = list_tickets(connection)
        histories = histories_of(connection, {one.id: standing_of(one) for one in found})
        emails = find_emails(connection, {one.assignee_id for one in found if one.assignee_id is not None})
        projects = current_projects(connection, runtime, (one.project for one in found))
        now = runtime.clock.now()
        rows = [
            ticket_row(one, ticket_clocks(histories[one.id], projects[one.project], now=now), emails) for one in found
        ]
    if not as_json:
        columns = ("ref", "status", "level", "severity", "gti_state", "gtr_state", "reporter", "subject")
        rows = [{key: row[key] for key in columns} for row in rows]
    print_rows(rows, as_json=as_json)


@ticket.command("show")
@click.argument("ref")
@_json
def ticket_show(ref: str, *, as_json: bool) -> None:
    """One ticket with its timeline."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        found = find_ticket(connection, ref=ref.upper())
        if found is None:
            raise NotFound(f"there is no ticket {ref}")
        row = show_row(connection, runtime, found)
    if as_json:
        print_rows([row], as_json=True)
        return
    click.echo(f"{row['ref']}  {row['subject']}")
    severity = f" {row['severity']}" if row["severity"] else ""
    assignee = f", with {row['assignee']}" if row["assignee"] else ""
    click.echo(
        f"{row['status']}, {row['kind']}{severity}, level {row['level']}{assignee}, reported by {row['reporter']}"
    )
    fields = [f"{name}: {value}" for name, value in row["fields"].items()]
    for line in [*fields, *row["clocks"], *_around(row)]:
        click.echo(line)
    for entry in row["timeline"]:
        author = entry["author"] or "the gateway"
        click.echo(f"\n{entry['at']}  #{entry['id']}  {entry['direction']} {entry['type']} by {author}")
        click.echo("  " + entry["text"].replace("\n", "\n  "))
        for file in entry["attachments"]:
            click.echo(f"  [{file['name']}, {file['size']} bytes]")


def _around(row: Mapping[str, Any]) -> Iterator[str]:
    """One line for each way in which others have to do with a ticket."""
    others = [email for email in row["people"] if email != row["reporter"]]
    named = {
        "with": others,
        "merged into": [row["merged_into"]] if row["merged_into"] else [],
        "took over": row["merged"],
        "follows": [row["follows"]] if row["follows"] else [],
        "linked to": row["links"],
    }
    return (f"{word} {', '.join(found)}" for word, found in named.items() if found)


def show_row(connection: Connection, runtime: Runtime, found: Ticket) -> dict[str, Any]:
    """A ticket with its timeline, who is on it, the tickets around it, and one line that explains each clock."""
    files = list_attachments(connection, found.id)
    timeline = [entry_row(entry, files.get(entry.id, [])) for entry in list_entries(connection, found.id)]
    project = current_project(connection, runtime, found.project)
    history = history_of(connection, found)
    clocks = ticket_clocks(history, project, now=runtime.clock.now())
    emails = find_emails(connection, [] if found.assignee_id is None else [found.assignee_id])
    row = ticket_row(found, clocks, emails) | asdict(find_relations(connection, found))
    row |= {
        "fields": details_of(history),
        "people": sorted(find_participants(connection, found.id)),
        "timeline": timeline,
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


@click.command()
@_json
def outbox(*, as_json: bool) -> None:
    """Outgoing mail: what waits, what went, what failed and why."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        rows = [
            {
                "id": delivery.id,
                "notice": delivery.notice,
                "recipient": delivery.recipient,
                "state": delivery.state,
                "attempts": delivery.attempts,
                "next_attempt_at": delivery.next_attempt_at,
                "sent_at": delivery.sent_at,
                "message_id": delivery.message_id,
                "last_error": delivery.last_error,
            }
            for delivery in list_deliveries(connection)
        ]
    print_rows(rows, as_json=as_json)


COMMANDS: list[click.Command] = [outbox]
