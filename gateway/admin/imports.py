"""`gateway import`: tickets and mails from elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from gateway.admin.context import command_runtime, note_act
from gateway.domain.audit import AuditAction
from gateway.domain.project import Project
from gateway.errors import Refused
from gateway.files.store import settle_all
from gateway.runtime import Runtime
from gateway.services.import_desks import DESKS, read_export
from gateway.services.import_items import BadItem, Tally, import_ticket
from gateway.services.import_mail import import_mail, raw_mails
from gateway.services.raw_mail import keep_raw
from gateway.services.replay_copy import copy_rows, scratch_database

_BOXES = ("mbox", "maildir")


@click.command("import")
@click.argument("kind", type=click.Choice([*_BOXES, *DESKS]))
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--project", "key", required=True, help="The project's key.")
@click.option("--dry-run", is_flag=True, help="Do it in a copy, and say what it would come to.")
def import_(kind: str, path: Path, *, key: str, dry_run: bool) -> None:
    """Import old tickets or old mail, with their dates and Message-IDs. Nobody is mailed; twice is once.

    Exit 1 where an item could not be taken: each is named on standard error.
    """
    with command_runtime() as opened:
        project = next((one for one in opened.settings.project_list if one.key == key.upper()), None)
        if project is None:
            raise Refused(
                f"there is no project {key}: one of {', '.join(one.key for one in opened.settings.project_list)}"
            )
        with _where(opened, dry_run=dry_run) as runtime:
            run = _import_box if kind in _BOXES else _import_desk
            tally = run(runtime, kind, path, project, keeps=not dry_run)
        if not dry_run:
            note_act(
                opened,
                AuditAction.IMPORTED,
                kind,
                project=project.key,
                tickets=tally.tickets,
                messages=tally.messages,
                not_taken=len(tally.faults),
            )
    for fault in tally.faults:
        click.echo(f"not taken: {fault}", err=True)
    said = "would be imported" if dry_run else "imported"
    done = f"{tally.tickets} tickets and {tally.messages} messages {said}"
    click.echo(f"{done}, {tally.known} messages known, {len(tally.faults)} not taken")
    sys.exit(1 if tally.faults else 0)


@contextmanager
def _where(runtime: Runtime, *, dry_run: bool) -> Iterator[Runtime]:
    if not dry_run:
        yield runtime
        return
    with scratch_database() as copy:
        copy_rows(runtime.database, copy)
        yield replace(runtime, database=copy)


def _import_desk(runtime: Runtime, kind: str, path: Path, project: Project, *, keeps: bool) -> Tally:
    from gateway.wiring import html_to_text

    tally = Tally()
    for found in read_export(kind, path.read_bytes(), to_text=html_to_text):
        if isinstance(found, str):
            tally.faults.append(found)
        else:
            write = partial(import_ticket, runtime=runtime, project=project, old=found, source=kind, tally=tally)
            _take(runtime, tally, f"ticket {found.number}", write)
    return tally


def _import_box(runtime: Runtime, kind: str, path: Path, project: Project, *, keeps: bool) -> Tally:
    from gateway.wiring import read_old_mail

    tally, mails = Tally(), []
    for name, raw in raw_mails(kind, path):
        try:
            mails.append((read_old_mail(raw, project), name))
        except BadItem as error:
            tally.faults.append(f"{name}: {error}")
            continue
        if keeps:
            keep_raw(runtime.files, {"channel": "pipe", "imported": True}, raw)
    settle_all(runtime.files)
    # The oldest first, so that an answer finds what it answers.
    for old, name in sorted(mails, key=lambda one: one[0].message.at):
        _take(runtime, tally, name, partial(import_mail, runtime=runtime, project=project, old=old, tally=tally))
    return tally


def _take(runtime: Runtime, tally: Tally, name: str, write: Callable[[Connection], object]) -> None:
    """One item in one transaction; what cannot be taken leaves nothing and is remembered."""
    before = (tally.tickets, tally.messages, tally.known)
    try:
        with runtime.database.transaction() as connection:
            write(connection)
    except (BadItem, DataError, IntegrityError) as error:
        tally.tickets, tally.messages, tally.known = before
        told = str(error) if isinstance(error, BadItem) else f"{name}: the database does not take it"
        tally.faults.append(told)


COMMANDS: list[click.Command] = [import_]
