"""The `gateway` command. Errors are one sentence on standard error and an exit code of sysexits.h."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from gateway import __version__
from gateway.admin import (
    advisories,
    audit,
    backup,
    calendars,
    call_simulate,
    calls,
    demo,
    duty,
    files,
    imports,
    items,
    machines,
    mailboxes,
    members,
    people,
    person_sign_in,
    personal,
    quarantine,
    replay,
    report,
    roles,
    sessions,
    status,
    stores,
    suppressed,
    ticket_arrange,
    ticket_set,
    tickets,
    tokens,
    webhooks,
)
from gateway.admin.context import exit_code
from gateway.domain.reasons import Reason
from gateway.errors import GatewayError, Misconfigured


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        with _told_plainly():
            return super().invoke(ctx)


@click.group(cls=_Group)
@click.version_option(__version__, prog_name="gateway")
def cli() -> None:
    """The support gateway: mail, calls and reports become tickets, and everyone is told where they stand."""


_MODULES = (
    *(imports, replay, report, status),
    *(backup, advisories, calendars, members, audit),
    *(roles, items, tickets, ticket_set, ticket_arrange, suppressed, people, personal),
    *(mailboxes, stores, demo, call_simulate, calls, duty, tokens, sessions, webhooks),
    *(machines, quarantine, person_sign_in, files),
)
for module in _MODULES:
    for command in module.COMMANDS:
        cli.add_command(command)


_HINTS = {
    Reason.NOBODY_KNOWN: "`gateway person add` first",
    Reason.NO_NUMBER: "`gateway person add EMAIL --phone +33...`",
    Reason.NO_TURN: "`gateway duty show`",
    Reason.MAIL_WHOSE: "--from ADDRESS",
}
"""What helps at the shell, by the reason of a refusal."""


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except Misconfigured as error:
        for fault in error.faults:
            click.echo(f"gateway: {fault}", err=True)
        sys.exit(exit_code(error))
    except GatewayError as error:
        hints = [hint for why in error.whys if (hint := _HINTS.get(why.reason))]
        click.echo(": ".join([f"gateway: {error}", *hints]), err=True)
        for name in dict.fromkeys(why.reason.name for why in error.whys):
            click.echo(f"gateway: reason {name}", err=True)
        sys.exit(exit_code(error))
