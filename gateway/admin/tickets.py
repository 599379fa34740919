"""`gateway ticket`, `gateway outbox`: what there is, and what went out."""

from typing import Any

import click
from sqlalchemy import Row

from gateway.admin.context import command_runtime, print_rows
from gateway.db.outbox import list_deliveries
from gateway.db.people import find_person_by_id
from gateway.db.tickets import Ticket, find_ticket, list_attachments, list_entries, list_tickets
from gateway.errors import NotFound

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def ticket() -> None:
    """Tickets and their timelines."""


@ticket.command("list")
@_json
def ticket_list(*, as_json: bool) -> None:
    """Every ticket, the one that moved last first."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        rows = [ticket_row(found) for found in list_tickets(connection)]
    if not as_json:
        rows = [{key: row[key] for key in ("ref", "status", "reporter", "entries", "subject")} for row in rows]
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
        assignee = None if found.assignee_id is None else find_person_by_id(connection, found.assignee_id)
        files = list_attachments(connection, found.id)
        timeline = [entry_row(entry, files.get(entry.id, [])) for entry in list_entries(connection, found.id)]
        row = ticket_row(found) | {"assignee": assignee.email if assignee else None, "timeline": timeline}
    if as_json:
        print_rows([row], as_json=True)
        return
    click.echo(f"{row['ref']}  {row['subject']}")
    click.echo(f"{row['status']}, {row['kind']}, level {row['level']}, reported by {row['reporter']}")
    for entry in timeline:
        click.echo(f"\n{entry['at']}  {entry['direction']} {entry['type']} by {entry['author'] or 'the gateway'}")
        click.echo("  " + entry["text"].replace("\n", "\n  "))
        for file in entry["attachments"]:
            click.echo(f"  [{file['name']}, {file['size']} bytes]")


def ticket_row(found: Ticket) -> dict[str, Any]:
    """The fields of a ticket that the operator's interface names; clocks run once the contract is enforced."""
    return {
        "ref": found.ref,
        "project": found.project,
        "subject": found.subject,
        "kind": found.kind,
        "severity": found.severity,
        "status": found.status,
        "level": found.level,
        "reporter": found.reporter,
        "assignee": None,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "entries": found.entries,
        "gti_due": None,
        "gti_state": None,
        "gtr_due": None,
        "gtr_state": None,
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


COMMANDS: list[click.Command] = [ticket, outbox]
