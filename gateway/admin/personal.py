"""`gateway person export`, `gateway person erase`, `gateway retention`: what the law asks of who keeps data."""

from pathlib import Path

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.admin.people import person
from gateway.db.erasures import ErasureAsk, list_asks
from gateway.errors import Refused
from gateway.mail.address import is_address, normalise_address
from gateway.services.erase_person import erase_person
from gateway.services.export_person import export_person
from gateway.services.processing_record import processing_record
from gateway.services.retention import CLASSES, apply_retention


@person.command("export")
@click.argument("email")
@click.option("--to", "path", type=click.Path(path_type=Path), default=None, help="The archive; a new file.")
def person_export(email: str, path: Path | None) -> None:
    """Write all that is kept about a person into one readable archive (zip)."""
    from gateway.wiring import read_attachment

    address = _address(email)
    with command_runtime() as runtime:
        target = path or Path(f"person-{runtime.clock.now():%Y%m%dT%H%M%SZ}.zip")
        done = export_person(runtime, address, target, read_file=read_attachment)
    click.echo(f"{target}: {done.rows} rows, {done.files} files")


@person.command("erase")
@click.argument("email", required=False)
@click.option("--status", is_flag=True, help="Show what the machines have done in each erasure, or have yet to do.")
@click.option("--json", "as_json", is_flag=True, help="With --status: one JSON object a line.")
def person_erase(email: str | None, *, status: bool, as_json: bool) -> None:
    """Erase a person everywhere, for good, and print the proof.

    A pseudonym drawn by chance stays for the statistics. Other machines do
    their part within seconds, or when they are back. Backups made before
    still hold the person: erase again after one is restored.
    """
    from gateway.wiring import recording_eraser

    if status:
        with command_runtime() as runtime, runtime.database.reading() as connection:
            print_rows([_part(one) for one in list_asks(connection)], as_json=as_json)
        return
    if email is None:
        raise Refused("whom? `gateway person erase EMAIL`")
    address = _address(email)
    with command_runtime() as runtime:
        proof = erase_person(runtime, address, forget_recording=recording_eraser(runtime))
        made_at = runtime.clock.now()
    click.echo(f"erasure {proof.number} of {made_at:%Y-%m-%d %H:%M} UTC, pseudonym {proof.pseudonym}")
    for store, count in proof.counts.items():
        click.echo(f"  {store}: {count}")
    for name in proof.asked:
        click.echo(f"  machine {name}: has yet to do its part: `gateway person erase --status`")
    if not proof.is_compact:
        click.echo("  the database's log is in use: its last traces go when the gateway is restarted")


def _part(one: ErasureAsk) -> dict[str, object]:
    state = "forgotten" if one.is_forgotten else "yet to do" if one.done_at is None else "done"
    return {
        "erasure": one.erasure_id,
        "machine": one.machine,
        "state": state,
        "done_at": one.done_at,
        "counts": ", ".join(f"{store}: {count}" for store, count in sorted(one.counts.items())),
        "known_again": one.is_known_again,
    }


def _address(email: str) -> str:
    address = normalise_address(email)
    if not is_address(address):
        raise Refused(f"{email!r} is not a mail address")
    return address


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and let nothing go.")
@click.option("--record", is_flag=True, help="Print the tables of the processing record (deploy/PRIVACY.md) instead.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def retention(*, dry_run: bool, record: bool, as_json: bool) -> None:
    """Let go what was kept long enough; the timetable does it every hour."""
    if record:
        click.echo(processing_record(), nl=False)
        return
    with command_runtime() as runtime:
        rows = [
            {
                "class": kept.name,
                "days": kept.days(runtime.settings),
                "bounds": f"{kept.shortest}-{kept.longest}",
                "setting": kept.setting or None,
                "over": kept.due(runtime),
            }
            for kept in CLASSES
        ]
        if not dry_run:
            apply_retention(runtime)
        print_rows(rows, as_json=as_json)


COMMANDS: list[click.Command] = [retention]
