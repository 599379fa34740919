"""`gateway suppressed`: addresses that no mail is sent to for a while, because it came back from them."""

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.suppressions import lift, list_suppressions
from gateway.errors import NotFound
from gateway.mail.address import normalise_address


@click.group()
def suppressed() -> None:
    """Addresses that mail came back from, and that nothing is sent to for a while."""


@suppressed.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def suppressed_list(*, as_json: bool) -> None:
    """Which addresses, until when, and why."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        rows = [
            {
                "address": found.address,
                "until": found.until,
                "permanent": found.permanent,
                "bounces": found.bounces,
                "status": found.status,
                "reason": found.reason,
                "since": found.since,
            }
            for found in list_suppressions(connection, now=runtime.clock.now())
        ]
    print_rows(rows, as_json=as_json)


@suppressed.command("lift")
@click.argument("address")
def suppressed_lift(address: str) -> None:
    """Send mail to an address again, and forget that it ever came back. What was not sent stays unsent."""
    with command_runtime() as runtime, runtime.database.transaction() as connection:
        if not lift(connection, normalise_address(address)):
            raise NotFound(f"no mail came back from {address}")


COMMANDS: list[click.Command] = [suppressed]
