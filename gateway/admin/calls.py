"""`gateway call`, `gateway callback`: what was telephoned, and who is to be called back."""

from datetime import datetime, timedelta

import click

from gateway.admin.call_fallback import call_fallback
from gateway.admin.call_simulate import call
from gateway.admin.context import command_runtime, print_rows
from gateway.db.call_texts import text_of_call
from gateway.db.callbacks import list_callbacks
from gateway.db.calls import events_of_call, find_call, list_calls, messages_of_call
from gateway.db.tickets import find_ticket
from gateway.errors import NotFound, Refused
from gateway.mail.address import normalise_address
from gateway.services.call_by_hand import (
    CALLBACK_STATES,
    CallByHand,
    discard_call,
    link_call,
    log_call_by_hand,
    settle_callback,
)
from gateway.services.call_rows import call_row

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_as = click.option("--as", "email", required=True, metavar="EMAIL", help="Who does it.")


@call.command("list")
@click.option("--waiting", is_flag=True, help="Only those that wait to be linked to a ticket.")
@click.option("--outcome", help="Only those: answered, message, missed, redirected, out_of_hours, abandoned, error.")
@_json
def call_list(outcome: str | None, *, waiting: bool, as_json: bool) -> None:
    """Calls, the latest first. Numbers are masked; `call show` tells them."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        found = [
            row
            for row in list_calls(connection)
            if (not waiting or row.triage == "open") and outcome in {None, row.outcome}
        ]
        tickets = {row.ticket_id: find_ticket(connection, ticket_id=row.ticket_id) for row in found if row.ticket_id}
        refs = {ticket.id: ticket.ref for ticket in tickets.values() if ticket is not None}
        rows = [call_row(row) | {"ticket": refs.get(row.ticket_id)} for row in found]
    if not as_json:
        columns = ("id", "started_at", "caller", "outcome", "ticket", "talk_seconds", "triage")
        rows = [{name: row[name] for name in columns} for row in rows]
    print_rows(rows, as_json=as_json)


@call.command("show")
@click.argument("ident")
@_json
def call_show(ident: str, *, as_json: bool) -> None:
    """One call by our number or its provider's id: what happened, in order, and its messages."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        found = find_call(connection, ident)
        if found is None:
            raise NotFound(f"there is no call {ident}")
        ticket = find_ticket(connection, ticket_id=found.ticket_id) if found.ticket_id else None
        events = sorted(events_of_call(connection, found.id), key=lambda event: (event.at, event.turn))
        text = text_of_call(connection, found.id)
        messages = [
            {"recording": one.recording_id, "state": one.state, "seconds": one.seconds, "sha256": one.sha256}
            for one in messages_of_call(connection, found.id)
        ]
    told = [
        {"at": event.at.isoformat().replace("+00:00", "Z"), "kind": event.kind, "steps": event.data.get("steps", [])}
        for event in events
    ]
    row = call_row(found) | {"caller": found.caller, "ticket": ticket.ref if ticket else None}
    row |= {"text_message": text.state if text else None}
    if as_json:
        print_rows(
            [row | {"agents": found.details.get("agents", []), "messages": messages, "events": told}], as_json=True
        )
        return
    click.echo(f"{row['outcome']}  {row['caller'] or row['caller_kind']}  {row['ticket'] or 'no ticket'}")
    for event in told:
        for step in event["steps"] or [{"name": event["kind"]}]:
            facts = ", ".join(f"{name} {value}" for name, value in step.items() if name != "name")
            click.echo(f"  {event['at']}  {step['name']}" + (f"  ({facts})" if facts else ""))
    for message in messages:
        click.echo(f"  message {message['recording']}: {message['seconds']} s, {message['state']}")
    if text is not None:
        click.echo(f"  text message: {text.state}" + (f" ({text.error})" if text.error else ""))


@call.command("log")
@click.option("--ticket", "ref", required=True, metavar="REF")
@_as
@click.option("--from", "number", help="The caller's number, in international form.")
@click.option("--seconds", type=click.IntRange(1), required=True, help="How long you talked.")
@click.option("--at", "began", metavar="TIME", help="When it began (ISO 8601 with a zone); by default so long ago.")
@click.option("--note", default="", metavar="TEXT", help="What was said; for agents.")
def call_log(*, ref: str, email: str, number: str | None, seconds: int, began: str | None, note: str) -> None:
    """Write down a call that you had about a ticket: it stands on the timeline, and counts as taking it in hand."""
    if number is not None and not (number.startswith("+") and number[1:].isdigit() and 8 <= len(number) <= 16):
        raise Refused(f"{number!r} is not a number in international form (+33612345678)")
    with command_runtime() as runtime:
        usual = runtime.clock.now() - timedelta(seconds=seconds)
        by_hand = CallByHand(
            ref=ref,
            email=normalise_address(email),
            number=number,
            began_at=usual if began is None else _moment(began),
            seconds=seconds,
            note=note,
        )
        click.echo(log_call_by_hand(runtime, by_hand))


@call.command("link")
@click.argument("ident")
@click.argument("ref")
@_as
def call_link(ident: str, ref: str, email: str) -> None:
    """Put a call that waits onto a ticket, with its message."""
    with command_runtime() as runtime:
        link_call(runtime, ident, ref=ref, email=normalise_address(email))


@call.command("discard")
@click.argument("ident")
@click.option("--reason", required=True)
@_as
def call_discard(ident: str, reason: str, email: str) -> None:
    """Decide that a call that waits needs no ticket."""
    with command_runtime() as runtime:
        discard_call(runtime, ident, reason=reason, email=normalise_address(email))


@click.group()
def callback() -> None:
    """Who is to be called back."""


@callback.command("list")
@_json
def callback_list(*, as_json: bool) -> None:
    """Requests, the one that is due first first."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        rows = []
        for row in list_callbacks(connection):
            ticket = find_ticket(connection, ticket_id=row.ticket_id)
            values = {name: getattr(row, name) for name in ("id", "project", "number", "due_at", "state", "attempts")}
            rows.append(values | {"ticket": ticket.ref if ticket else None})
    print_rows(rows, as_json=as_json)


@callback.command("set")
@click.argument("number", type=int)
@click.argument("state", type=click.Choice(CALLBACK_STATES))
@_as
def callback_set(number: int, state: str, email: str) -> None:
    """Say that you take it on, tried it, did it, or that it is not needed."""
    with command_runtime() as runtime:
        settle_callback(runtime, number, state=state, email=normalise_address(email))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found
    except ValueError:
        pass
    raise Refused(f"{text!r} is no moment with a time zone (2026-11-24T10:00:00+01:00)")


call.add_command(call_fallback)
COMMANDS: list[click.Command] = [callback]
