"""`gateway ticket merge`, `split`, `link` and `people`: tickets put together and apart, by the rules of everywhere."""

from typing import Any

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.admin.tickets import ticket
from gateway.db.tickets import Ticket
from gateway.runtime import Runtime
from gateway.services.change_people import change_people
from gateway.services.link_tickets import link_tickets
from gateway.services.merge_tickets import merge_tickets
from gateway.services.split_ticket import split_ticket
from gateway.services.ticket_rows import show_row

_by = click.option("--as", "email", required=True, metavar="EMAIL", help="Who does it.")
_json = click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
_reason = click.option("--reason", default="", metavar="TEXT", help="Why; for agents.")


@ticket.command("merge")
@click.argument("ref")
@click.argument("into")
@_by
@_reason
@_json
def ticket_merge(*, ref: str, into: str, email: str, reason: str, as_json: bool) -> None:
    """Let the ticket INTO take over REF; mail on either then comes to INTO."""
    with command_runtime() as runtime:
        survivor = merge_tickets(runtime, ref=ref, into=into, by=email, reason=reason)
        _print(runtime, survivor, f"{ref.upper()}: merged into {survivor.ref}", as_json=as_json)


@ticket.command("split")
@click.argument("ref")
@click.option("--entry", "entry_ids", type=int, multiple=True, required=True, metavar="ID", help="Of `ticket show`.")
@click.option("--subject", default="", metavar="TEXT", help="Of the new ticket.")
@_by
@_reason
@_json
def ticket_split(*, ref: str, entry_ids: tuple[int, ...], subject: str, email: str, reason: str, as_json: bool) -> None:
    """Make a ticket of its own out of some of REF's entries."""
    with command_runtime() as runtime:
        created = split_ticket(runtime, ref=ref, entry_ids=entry_ids, by=email, subject=subject, reason=reason)
        _print(runtime, created, f"{created.ref}: split off {ref.upper()}", as_json=as_json)


@ticket.command("link")
@click.argument("ref")
@click.argument("other")
@_by
@_json
def ticket_link(*, ref: str, other: str, email: str, as_json: bool) -> None:
    """Note that two tickets have to do with each other."""
    with command_runtime() as runtime:
        is_new = link_tickets(runtime, ref=ref, other=other, by=email)
    row = {"ref": ref.upper(), "other": other.upper(), "new": is_new}
    _say(row, f"{row['ref']}: {'' if is_new else 'already '}linked to {row['other']}", as_json=as_json)


@ticket.command("people")
@click.argument("ref")
@click.option("--add", multiple=True, metavar="EMAIL", help="Put somebody on the ticket.")
@click.option("--remove", multiple=True, metavar="EMAIL", help="Take somebody off it.")
@_by
@_json
def ticket_people(*, ref: str, add: tuple[str, ...], remove: tuple[str, ...], email: str, as_json: bool) -> None:
    """Say who is on a ticket beside its reporter."""
    with command_runtime() as runtime:
        people = change_people(runtime, ref=ref, by=email, add=add, remove=remove)
    _say({"ref": ref.upper(), "people": people}, f"{ref.upper()}: {', '.join(people)}", as_json=as_json)


def _print(runtime: Runtime, found: Ticket, sentence: str, *, as_json: bool) -> None:
    with runtime.database.reading() as connection:
        row = show_row(connection, runtime, found)
    _say(row, sentence, as_json=as_json)


def _say(row: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_rows([row], as_json=True)
    else:
        click.echo(sentence)


COMMANDS: list[click.Command] = [ticket]  # the group, with these commands in it
