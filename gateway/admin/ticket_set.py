"""`gateway ticket set`: an agent's act on a ticket, by the same rules as everywhere."""

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.admin.tickets import ticket
from gateway.domain.change import Change
from gateway.domain.kinds import FIELDS
from gateway.domain.ticket import Kind, Level, Severity, Status
from gateway.errors import Refused
from gateway.services.change_ticket import change_ticket
from gateway.services.ticket_rows import show_row

_FIELDS_HELP = "What the kind of work asks for: " + "; ".join(
    f"{kind}: {', '.join(field.name for field in fields)}" for kind, fields in FIELDS.items() if fields
)


def _choice(words: type[Kind] | type[Level] | type[Severity] | type[Status]) -> click.Choice[str]:
    return click.Choice([word.value for word in words], case_sensitive=False)


@ticket.command("set")
@click.argument("ref")
@click.option("--as", "email", required=True, metavar="EMAIL", help="Who does it.")
@click.option("--severity", type=_choice(Severity))
@click.option("--status", type=_choice(Status))
@click.option("--level", type=_choice(Level))
@click.option("--kind", type=_choice(Kind))
@click.option("--field", "--detail", "details", multiple=True, metavar="NAME=VALUE", help=_FIELDS_HELP)
@click.option("--assign", "assignee", metavar="EMAIL", help="Give it to this agent; an empty text to nobody.")
@click.option("--reply", default="", metavar="TEXT", help="Written to the reporter.")
@click.option("--workaround", default="", metavar="TEXT", help="Written to the reporter: service is restored so.")
@click.option("--note", default="", metavar="TEXT", help="Internal; never shown to the reporter.")
@click.option("--reason", default="", metavar="TEXT", help="Why; for agents.")
@click.option("--json", "as_json", is_flag=True, help="Print the ticket as one JSON object.")
def ticket_set(
    *,
    ref: str,
    email: str,
    severity: str | None,
    status: str | None,
    level: str | None,
    kind: str | None,
    details: tuple[str, ...],
    assignee: str | None,
    reply: str,
    workaround: str,
    note: str,
    reason: str,
    as_json: bool,
) -> None:
    """Change a ticket, all of it or nothing; refused where the contract's rules do not let EMAIL."""
    change = Change(
        severity=None if severity is None else Severity(severity),
        status=None if status is None else Status(status),
        level=None if level is None else Level(level),
        kind=None if kind is None else Kind(kind),
        details=tuple(_pair(detail) for detail in details),
        assignee=assignee,
        reply=reply,
        workaround=workaround,
        note=note,
        reason=reason,
    )
    with command_runtime() as runtime:
        changed = change_ticket(runtime, ref=ref, change=change, by=email)
        with runtime.database.reading() as connection:
            row = show_row(connection, runtime, changed)
    if as_json:
        print_rows([row], as_json=True)
        return
    click.echo(f"{row['ref']}: {row['status']}, {row['kind']}, level {row['level']}")
    for line in row["clocks"]:
        click.echo(line)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Refused(f"{text!r} is not in the form NAME=VALUE")
    return name.strip(), value.strip()


COMMANDS: list[click.Command] = [ticket]  # the group, with this command in it
