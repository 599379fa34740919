"""`gateway machine`: the machines that share the database."""

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.erasures import forget_asks
from gateway.db.leases import list_leases
from gateway.db.machines import MachineRow, forget_machine, list_machines
from gateway.errors import NotFound, Refused


@click.group()
def machine() -> None:
    """The machines that share the database."""


@machine.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def machine_list(*, as_json: bool) -> None:
    """When each was last heard of, what runs there, what waits, and what it alone does."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        held = [lease for lease in list_leases(connection) if lease.seconds_left > 0]
        rows = [
            {
                "name": one.name,
                "here": one.name == runtime.machine,
                "state": one.state,
                "seen_seconds": one.age_seconds,
                "roles": " ".join(one.roles),
                "version": one.version,
                "waiting": one.waiting,
                "oldest_seconds": one.oldest_seconds,
                "quarantined": one.quarantined,
                "leases": " ".join(lease.name for lease in held if lease.machine == one.name),
            }
            for one in list_machines(connection)
        ]
    print_rows(rows, as_json=as_json)


@machine.command("forget")
@click.argument("name")
@click.option("--even-with-entries", is_flag=True, help="Although entries were left in its spool.")
def machine_forget(name: str, *, even_with_entries: bool) -> None:
    """Forget a machine that is gone for good. What is in its spool stays on its disk."""
    with command_runtime() as runtime, runtime.database.transaction() as connection:
        found = next((one for one in list_machines(connection) if one.name == name), None)
        if found is None:
            raise NotFound(f"nobody has heard of a machine {name}")
        if found.state == "up":
            raise Refused(f"{name} was heard of {found.age_seconds} seconds ago; stop it first")
        if _has_entries(found) and not even_with_entries:
            raise Refused(
                f"{name} has {found.waiting + found.quarantined} entries in its spool: see deploy/RUNBOOK.md, "
                "machine_silent; --even-with-entries forgets it all the same"
            )
        forget_machine(connection, name)
        forget_asks(connection, name, at=runtime.clock.now())
    click.echo(f"{name} is forgotten")


def _has_entries(one: MachineRow) -> bool:
    return bool(one.waiting or one.quarantined)


COMMANDS: list[click.Command] = [machine]
