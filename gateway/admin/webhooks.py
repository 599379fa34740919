"""`gateway webhook`: programs that are told what happens, and what became of it."""

import time

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.webhook_standing import find_webhook, list_webhooks, standing_of_hooks
from gateway.db.webhooks import add_ping, try_again
from gateway.errors import NotFound
from gateway.notify.hook_deliver import endpoints_of, send_webhooks
from gateway.notify.work_off import until

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_COLUMNS = ("id", "endpoint", "event", "state", "attempts", "next_attempt_at", "last_error", "sent_at")
_TURN = 30.0  # seconds that a try may take


@click.group()
def webhook() -> None:
    """Programs that are told what happens to tickets: the tables [projects.KEY.webhooks.NAME]."""


@webhook.command("list")
@click.option("--deliveries", type=click.IntRange(min=1), metavar="N", help="The newest N deliveries instead.")
@_json
def webhook_list(*, deliveries: int | None, as_json: bool) -> None:
    """Every receiver and how it fares."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        if deliveries is not None:
            rows = [
                {name: getattr(row, name) for name in _COLUMNS} for row in list_webhooks(connection, limit=deliveries)
            ]
        else:
            known = {row["name"]: dict(row) for row in standing_of_hooks(connection)}
            names = sorted({*known, *endpoints_of(runtime)})
            rows = [
                known.get(name, {"name": name, "waiting": 0, "failed": 0, "failures_in_a_row": 0}) for name in names
            ]
    print_rows(rows, as_json=as_json)


@webhook.command("show")
@click.argument("number", type=int)
@_json
def webhook_show(number: int, *, as_json: bool) -> None:
    """One delivery."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        row = find_webhook(connection, number)
    if row is None:
        raise NotFound(f"there is no delivery {number}")
    print_rows([dict(row._mapping)], as_json=as_json)


@webhook.command("retry")
@click.argument("which", metavar="NAME|NUMBER")
def webhook_retry(which: str) -> None:
    """Send again what failed, and what waits, of a receiver (DEMO/crm) or of one delivery."""
    with command_runtime() as runtime:
        number = int(which) if which.isascii() and which.isdigit() else None
        if number is None and which not in endpoints_of(runtime):
            raise NotFound(f"there is no webhook {which}")
        with runtime.database.transaction() as connection:
            name = which if number is None else None
            count = try_again(connection, now=runtime.clock.now(), name=name, number=number)
    click.echo(f"{count} to be sent")


@webhook.command("test")
@click.argument("name")
def webhook_test(name: str) -> None:
    """Send a `ping` to a receiver (DEMO/crm) now, and say what it answers."""
    with command_runtime() as runtime:
        if name not in endpoints_of(runtime):
            raise NotFound(f"there is no webhook {name}")
        with runtime.database.transaction() as connection:
            number = add_ping(connection, name, now=runtime.clock.now())
        send_webhooks(runtime, goes_on=until(time.monotonic() + _TURN), names=[name])
        with runtime.database.reading() as connection:
            row = find_webhook(connection, number)
    assert row is not None, "written a moment ago"
    click.echo(f"{name}: {row.state}" + (f", {row.last_error}" if row.last_error else ""))
    if row.state != "sent":
        raise SystemExit(75)


COMMANDS: list[click.Command] = [webhook]
