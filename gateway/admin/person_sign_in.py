"""`gateway person password`: a person's password and app, given and taken back by the operator."""

import sys

import click

from gateway.admin.context import command_runtime
from gateway.admin.people import person
from gateway.db.people import find_person
from gateway.domain.totp import key_uri
from gateway.errors import NotFound
from gateway.mail.address import normalise_address
from gateway.services.set_factors import reset_factors, set_up_by_operator


@person.command("password")
@click.argument("email")
@click.option("--reset", is_flag=True, help="Take password, app and recovery codes back, and end every session.")
def person_password(*, email: str, reset: bool) -> None:
    """Set a password (asked for, or the first line of standard input) and an app for EMAIL; prints what the app reads
    and the recovery codes, this once."""
    address = normalise_address(email)
    with command_runtime() as runtime:
        if reset:
            with runtime.database.reading() as connection:
                found = find_person(connection, email=address)
            if found is None or not reset_factors(runtime, found.id, by=None):
                raise NotFound(f"{address} has no password")
            click.echo(f"{address}: password, app and recovery codes taken back, every session ended")
            return
        password = _read_password()
        secret, codes = set_up_by_operator(runtime, email=address, password=password)
        issuer = runtime.settings.mail.sender_name
    click.echo(key_uri(secret, issuer=issuer, account=address))
    for code in codes:
        click.echo(code)


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


COMMANDS: list[click.Command] = [person]  # the group, with this command in it
