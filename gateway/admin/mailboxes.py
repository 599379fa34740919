"""`gateway mailbox`: how the mailboxes fare, and the consent that an OAuth mailbox needs."""

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.services.mailbox_health import mailbox_health


@click.group()
def mailbox() -> None:
    """Mailboxes that mail is fetched from."""


@mailbox.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def mailbox_list(*, as_json: bool) -> None:
    """Each mailbox: when it was last read, how much was taken, what waits, and what is wrong."""
    with command_runtime() as runtime:
        rows = [
            {
                "name": found.name,
                "state": "late" if found.is_late else "failing" if found.error else "up",
                "last_good_seconds": None if found.age is None else int(found.age.total_seconds()),
                "taken": found.taken,
                "waiting": found.waiting,
                "error": found.error,
            }
            for found in mailbox_health(runtime)
        ]
        print_rows(rows, as_json=as_json)


@mailbox.command("authorize")
@click.argument("name")
def mailbox_authorize(name: str) -> None:
    """Get the consent that reading an OAuth mailbox needs, keep it, and try it."""
    from gateway.wiring import authorize

    with command_runtime() as runtime:
        authorize(runtime, name, say=click.echo, ask=click.prompt)


COMMANDS: list[click.Command] = [mailbox]
