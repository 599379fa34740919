"""What commands share: opening the stores, printing rows, exit codes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

import click

from gateway.config.load import load_settings
from gateway.db.engine import DatabaseTrouble
from gateway.db.migrate import require_head
from gateway.db.people import find_person
from gateway.domain.audit import AuditAction
from gateway.errors import Conflict, Deferred, GatewayError, Misconfigured, NotFound, Refused
from gateway.logs import configure_logs
from gateway.runtime import Runtime, open_runtime
from gateway.services.audit import record_audit


class Unusable(GatewayError):
    """The data folder is not one that this user can work in; trying again later would not help."""


# sysexits.h
_EXIT_CODES: tuple[tuple[type[GatewayError], int], ...] = (
    (Unusable, 69),
    (Misconfigured, 78),
    (Deferred, 75),
    (NotFound, 66),
    (Refused, 65),
    (Conflict, 65),
)


def exit_code(error: GatewayError) -> int:
    """The exit code for a kind of error."""
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), 70)


@contextmanager
def command_runtime(*, needs_database: bool = True) -> Iterator[Runtime]:
    """The stores, for one command. Raises Misconfigured where the settings or the schema are wrong, Unusable."""
    settings = load_settings()
    configure_logs("warning", role="command")
    with ExitStack() as stack:
        try:
            runtime = stack.enter_context(open_runtime(settings))
        except OSError as error:
            where = error.filename or settings.data
            raise Unusable(f"the data folder cannot be used: {where}: {error.strerror}") from error
        if needs_database:
            require_head(runtime.database)
        yield runtime


def note_act(
    runtime: Runtime,
    action: AuditAction,
    subject: str | None = None,
    *,
    project: str | None = None,
    email: str | None = None,
    **detail: Any,
) -> None:
    """Write into the audit log what a command does that has no transaction of its own; `email` is the (normalised)
    address of whom it is about. While the database is away, the command goes on, and says so."""
    try:
        with runtime.database.transaction() as connection:
            person = None if email is None else find_person(connection, email=email)
            record_audit(
                connection,
                at=runtime.clock.now(),
                actor_id=None,
                action=action,
                subject=subject,
                person_id=None if person is None else person.id,
                project=project,
                detail=detail,
            )
    except DatabaseTrouble:
        click.echo("the database is away: this is not in the audit log", err=True)


def print_rows(rows: Iterable[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print rows: one JSON object a line, or columns to read."""
    plain = [{key: _plain(value) for key, value in row.items()} for row in rows]
    if as_json:
        for row in plain:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    if not plain:
        click.echo("nothing")
        return
    columns = list(plain[0])
    cells = [columns, *([_cell(row[column]) for column in columns] for row in plain)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _cell(value: Any) -> str:
    text = "-" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
