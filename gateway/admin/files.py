"""`gateway files`: moving between stores of files, and holding the store and the database against each other."""

import sys

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.config.files import LOCAL
from gateway.config.load import Settings, load_settings
from gateway.errors import Misconfigured, Refused
from gateway.files.opening import open_files
from gateway.files.store import FileStore
from gateway.logs import configure_logs
from gateway.services.check_files import check_files
from gateway.services.copy_files import copy_files


@click.group()
def files() -> None:
    """Raw mail and voice messages: copy them from one store to another, look whether all are there."""


@files.command()
@click.option("--from", "source", default=LOCAL, show_default=True, help="local, s3 or s3://BUCKET/PREFIX")
@click.option("--to", "target", required=True, help="local, s3 or s3://BUCKET/PREFIX")
def copy(source: str, target: str) -> None:
    """Copy every file that the other store does not have. May be cut off and run again; deletes nothing.

    \b
    "s3" is the bucket that files.store names; another bucket is reached by
    the endpoint and the keys of the settings, whatever files.store is. To
    move: copy while everything runs, set files.store, start again, copy once
    more for what came in between. Exit 1 where a file is damaged.
    """
    settings = load_settings()
    configure_logs("error", role="command")
    if _name(settings, source) == _name(settings, target):
        raise Refused("both are the same store")
    done = copy_files(_open(settings, source), _open(settings, target))
    click.echo(f"{done.files} files copied, {done.bytes} bytes; {done.known} were there")
    for key in done.damaged:
        click.echo(f"{key}: is not what its name says, and was left where it is", err=True)
    sys.exit(1 if done.damaged else 0)


@files.command()
@click.option("--read", "reads", is_flag=True, help="Read every file, and hold it against its sum.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def check(*, reads: bool, as_json: bool) -> None:
    """Look whether every mail and sound on record has its file, and every file is on record.

    Exit 1 where a file is missing or damaged; a file that nothing names is
    no loss: filing that was cut off leaves one, and retention takes raw mail.
    """
    with command_runtime() as runtime:
        found = check_files(runtime, reads=reads)
    rows = [
        {"file": key, "fault": fault}
        for fault, keys in (("missing", found.missing), ("damaged", found.damaged), ("orphan", found.orphans))
        for key in keys
    ]
    if rows or as_json:
        print_rows(rows, as_json=as_json)
    else:
        click.echo(f"all is well: {found.files} files, each on record and each record with its file")
    sys.exit(1 if found.missing or found.damaged else 0)


def _name(settings: Settings, store: str) -> str:
    if store == "s3":
        if settings.files.store == LOCAL:
            raise Misconfigured(["files.store names no bucket: say s3://BUCKET/PREFIX"])
        return settings.files.store.rstrip("/")
    return store.rstrip("/")


def _open(settings: Settings, store: str) -> FileStore:
    return open_files(settings, store=_name(settings, store))


COMMANDS: list[click.Command] = [files]
