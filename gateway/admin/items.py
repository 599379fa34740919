"""What came in: ingest, explain, wait-idle, held."""

import sys
import time
from pathlib import Path
from typing import Any

import click
from redis.exceptions import RedisError

from gateway.admin.context import command_runtime, print_rows
from gateway.db.clock import database_now
from gateway.db.machines import list_machines
from gateway.db.outbox import MAILS
from gateway.db.receipts import Receipt, Verdict, find_receipts, list_receipts, settle_receipt
from gateway.db.webhooks import WEBHOOKS, count_due_webhooks
from gateway.domain.audit import AuditAction
from gateway.domain.ticket import Channel
from gateway.errors import NotFound, Refused
from gateway.mail.address import is_address, normalise_address
from gateway.mail.envelope import MailEnvelope
from gateway.mail.return_path import return_path
from gateway.notify.hook_deliver import endpoints_of
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.elsewhere import find_elsewhere
from gateway.spool.entry import Lane

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.command()
@click.option("--to", "recipients", multiple=True, help="The address that the mail was sent to; may be repeated.")
@click.option("--from", "mail_from", default=None, help="The envelope sender; by default the Return-Path header's.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
def ingest(recipients: tuple[str, ...], mail_from: str | None, files: tuple[Path, ...]) -> None:
    """Spool messages from files or standard input, and print the spool id of each.

    \b
    Exit codes, for a mail server's pipe: 0 taken, 65 not a message, 69 the data
    folder cannot be used, 75 no room at the moment, 78 a setting is wrong.
    """
    for address in recipients:
        if not is_address(address):
            raise Refused(f"{address!r} is not a mail address")
    with command_runtime(needs_database=False) as runtime:
        for path in files or (Path("-"),):
            raw = sys.stdin.buffer.read() if str(path) == "-" else _read(path)
            click.echo(_accept(runtime, raw, recipients, mail_from, name=str(path)))
        runtime.doorbell.ring(Lane.MAIL)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None


def _accept(runtime: Runtime, raw: bytes, recipients: tuple[str, ...], mail_from: str | None, *, name: str) -> str:
    if not raw.strip():
        raise Refused(f"{name}: there is no message in it")
    if len(raw) > runtime.settings.smtp.max_size:
        raise Refused(f"{name}: larger than the {runtime.settings.smtp.max_size} bytes allowed")
    now = runtime.clock.now()
    envelope = MailEnvelope(
        channel=Channel.PIPE,
        mail_from=return_path(raw) if mail_from is None else mail_from.strip(" <>"),
        rcpt_tos=tuple(normalise_address(address) for address in recipients),
        peer="",
        helo="",
        tls=False,
        smtputf8=False,
        received_at=now,
    )
    return runtime.spool.accept(Lane.MAIL, envelope.to_json(), raw)


@click.command("wait-idle")
@click.option("--timeout", default=60.0, help="Seconds to wait at most.")
def wait_idle(timeout: float) -> None:
    """Return 0 once nothing waits, no job runs and no mail or webhook is due; 1 at the timeout, naming what is left."""
    with command_runtime() as runtime:
        left = wait_until_idle(runtime, seconds=timeout)
    if left:
        click.echo("still busy: " + ", ".join(left), err=True)
        sys.exit(1)


def wait_until_idle(runtime: Runtime, *, seconds: float) -> list[str]:
    """Wait until nothing is left to do; what is left when the time is over, by name."""
    deadline = time.monotonic() + seconds
    quiet = 0
    since = _database_time(runtime)
    while quiet < 2:  # twice in a row: between two looks a job may pass from one queue to the next
        left = _what_is_left(runtime, since=since)
        quiet = quiet + 1 if not left else 0
        if left and time.monotonic() > deadline:
            return left
        time.sleep(0.1)
    return []


def _database_time(runtime: Runtime) -> int:
    with runtime.database.reading() as connection:
        return database_now(connection)


def _what_is_left(runtime: Runtime, *, since: int) -> list[str]:
    """What waits here, and on every machine that still speaks: those must have spoken `since` we began to wait."""
    left = []
    with runtime.database.reading() as connection:
        others = [one for one in list_machines(connection) if one.name != runtime.machine]
    left += [f"{one.waiting} on the machine {one.name}" for one in others if one.waiting]
    # Not after that moment: one who spoke in its millisecond may not have seen what came just before it.
    silent = [one.name for one in others if one.seen_ms <= since and one.state == "up"]
    left += [f"no word of the machine {name} yet" for name in silent]
    for lane in Lane:
        depth = runtime.spool.depth(lane)
        if depth.waiting or depth.claimed:
            left.append(f"{depth.waiting + depth.claimed} in the lane {lane}")
    try:
        busy = runtime.doorbell.busy(machines=[one.name for one in others])
        if busy:
            left.append(f"{busy} jobs")
    except RedisError:
        left.append("Redis does not answer")
    with runtime.database.reading() as connection:
        due = MAILS.count_due(connection, now=runtime.clock.now())
        sending = MAILS.count_under_way(connection, now=runtime.clock.now())
        hooks_due = count_due_webhooks(connection, endpoints_of(runtime), now=runtime.clock.now())
        hooks_under_way = WEBHOOKS.count_under_way(connection, now=runtime.clock.now())
    if due:
        left.append(f"{due} mails due")
    if sending:
        left.append(f"{sending} mails being sent")
    if hooks_due:
        left.append(f"{hooks_due} webhooks due")
    if hooks_under_way:
        left.append(f"{hooks_under_way} webhooks being sent")
    return left


@click.command()
@click.argument("ident")
@_json
def explain(ident: str, *, as_json: bool) -> None:
    """Print the decisions about a spool id or Message-ID, in order, with their evidence."""
    with command_runtime() as runtime:
        with runtime.database.reading() as connection:
            found = find_receipts(connection, ident)
        if not found:
            raise NotFound(_where_else(runtime, ident))
        for receipt in found:
            if as_json:
                print_rows([_receipt_row(receipt) | {"trace": receipt.trace}], as_json=True)
                continue
            click.echo(f"{receipt.spool_id}  {receipt.project}  {receipt.verdict}: {receipt.reason}")
            for step in receipt.trace:
                evidence = f"  ({step['evidence']})" if step["evidence"] else ""
                click.echo(f"  {step['rule']}: {step['outcome']}{evidence}")


def _where_else(runtime: Runtime, ident: str) -> str:
    for lane in Lane:
        if any(item.id == ident for item in runtime.spool.quarantine.list(lane)):
            return f"{ident} is in quarantine: see `gateway quarantine show {ident}`"
        if any(spool_id == ident for spool_id, _ in runtime.spool.waiting(lane)):
            return f"{ident} is accepted and waits to be filed"
    elsewhere = find_elsewhere(runtime, ident)
    if elsewhere is not None:
        return f"{ident} is in quarantine on the machine {elsewhere.machine}: {elsewhere.reason}"
    return f"nothing is known of {ident}"


@click.group()
def held() -> None:
    """Mail that was understood and needs a person's word."""


@held.command("list")
@_json
def held_list(*, as_json: bool) -> None:
    """What is held, and why."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        print_rows([_receipt_row(receipt) for receipt in list_receipts(connection, Verdict.HELD)], as_json=as_json)


@held.command("release")
@click.argument("spool_id")
@click.option("--from", "sender", help="The mail address to file it under; by default its one sender's.")
def held_release(spool_id: str, sender: str | None) -> None:
    """File a held mail as a new ticket. Nothing is acknowledged."""
    from gateway.wiring import release_held

    address = None if sender is None else normalise_address(sender)
    if address is not None and not is_address(address):
        raise Refused(f"{sender!r} is not a mail address")
    with command_runtime() as runtime:
        click.echo(release_held(runtime, spool_id, sender=address))


@held.command("discard")
@click.argument("spool_id")
@click.option("--reason", required=True, help="Why nobody needs it; kept with the receipt.")
def held_discard(spool_id: str, reason: str) -> None:
    """Decide that a held mail needs no ticket; its raw content stays in the archive."""
    with command_runtime() as runtime, runtime.database.transaction() as connection:
        for receipt in find_receipts(connection, spool_id):
            if settle_receipt(
                connection, receipt, verdict=Verdict.DISCARDED, reason=reason, ticket_id=None, entry_id=None
            ):
                record_audit(
                    connection,
                    at=runtime.clock.now(),
                    actor_id=None,
                    action=AuditAction.HELD_DISCARDED,
                    subject=spool_id,
                    project=receipt.project,
                    detail={"reason": reason},
                )
                return
        raise NotFound(f"no held mail {spool_id}")


def _receipt_row(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt.spool_id,
        "project": receipt.project,
        "verdict": receipt.verdict,
        "reason": receipt.reason,
        "message_id": receipt.message_id,
        "accepted_at": receipt.accepted_at,
        "sha256": receipt.sha256,
    }


COMMANDS: list[click.Command] = [ingest, wait_idle, explain, held]
