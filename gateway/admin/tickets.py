"""`gateway ticket`, `gateway outbox`: what there is, and what went out."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.outbox import list_deliveries
from gateway.db.tickets import find_ticket, list_tickets
from gateway.errors import NotFound
from gateway.services.ticket_rows import show_row, ticket_rows

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def ticket() -> None:
    """Tickets and their timelines."""


@ticket.command("list")
@_json
def ticket_list(*, as_json: bool) -> None:
    """Every ticket, the one that moved last first."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        rows = ticket_rows(connection, runtime, list_tickets(connection))
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
