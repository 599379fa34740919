"""`gateway quarantine`: entries that could not be filed, on this machine and on the others."""

import sys
from typing import Any

import click

from gateway.admin.context import command_runtime, note_act, print_rows
from gateway.db.engine import DatabaseTrouble
from gateway.domain.audit import AuditAction
from gateway.errors import NotFound
from gateway.runtime import Runtime
from gateway.services.elsewhere import ask_its_machine, find_elsewhere, set_aside_elsewhere
from gateway.services.machines import DISCARD, REPLAY
from gateway.spool.entry import Lane


@click.group()
def quarantine() -> None:
    """Entries that could not be filed and wait for a person."""


@quarantine.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def quarantine_list(*, as_json: bool) -> None:
    """What is in quarantine, and why; what other machines have, as they last said."""
    with command_runtime(needs_database=False) as runtime:
        print_rows([*_here(runtime), *_elsewhere(runtime)], as_json=as_json)


def _here(runtime: Runtime) -> list[dict[str, Any]]:
    return [
        {
            "id": item.id,
            "lane": item.lane,
            "machine": runtime.machine,
            "attempts": item.attempts,
            "size": item.size,
            "reason": item.reason,
        }
        for lane in Lane
        for item in runtime.spool.quarantine.list(lane)
    ]


def _elsewhere(runtime: Runtime) -> list[dict[str, Any]]:
    try:
        found = set_aside_elsewhere(runtime)
    except DatabaseTrouble:
        click.echo("the database does not answer: this is what is in quarantine on this machine", err=True)
        return []
    return [
        {
            "id": one.spool_id,
            "lane": one.lane,
            "machine": one.machine,
            "attempts": one.attempts,
            "size": one.size,
            "reason": one.reason,
        }
        for one in found
    ]


@quarantine.command("show")
@click.argument("spool_id")
def quarantine_show(spool_id: str) -> None:
    """Print an entry as it was accepted."""
    with command_runtime(needs_database=False) as runtime:
        try:
            entry = runtime.spool.quarantine.find(spool_id)
        except NotFound:
            one = find_elsewhere(runtime, spool_id)
            if one is None:
                raise
            raise NotFound(f"it is on the machine {one.machine}: run the command there") from None
        click.echo(f"envelope: {dict(entry.envelope)}", err=True)
        sys.stdout.buffer.write(entry.payload)


@quarantine.command("replay")
@click.argument("spool_ids", nargs=-1, required=True)
def quarantine_replay(spool_ids: tuple[str, ...]) -> None:
    """Send entries through their lane again, with the envelope that they came with."""
    with command_runtime(needs_database=False) as runtime:
        for spool_id in spool_ids:
            try:
                lane = runtime.spool.quarantine.replay(spool_id)
                note_act(runtime, AuditAction.ASIDE_REPLAYED, spool_id)
                runtime.doorbell.ring(lane)
            except NotFound:
                _tell(ask_its_machine(runtime, spool_id, act=REPLAY), spool_id)
                note_act(runtime, AuditAction.ASIDE_REPLAYED, spool_id)


@quarantine.command("discard")
@click.argument("spool_id")
@click.option("--reason", required=True, help="Why nobody needs it; kept with the receipt.")
def quarantine_discard(spool_id: str, reason: str) -> None:
    """Put an entry on record as discarded and keep its raw content in the archive."""
    from gateway.services.settle_item import discard_quarantined

    with command_runtime() as runtime:
        try:
            earlier = discard_quarantined(runtime, spool_id, reason=reason)
        except NotFound:
            _tell(ask_its_machine(runtime, spool_id, act=DISCARD, reason=reason), spool_id)
            return
    for receipt in earlier:
        click.echo(f"it is on record already, as {receipt.verdict} in {receipt.project}: {receipt.reason}")


def _tell(machine: str, spool_id: str) -> None:
    click.echo(f"{spool_id}: the machine {machine} does it within seconds")


COMMANDS: list[click.Command] = [quarantine]
