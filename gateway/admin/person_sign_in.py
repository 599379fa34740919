"""`gateway person password`: a person's password and app, given and taken back by the operator."""

import sys

import click

from gateway.admin.context import command_runtime
from gateway.admin.people import person
from gateway.db.people import find_person
from gateway.domain.setup_code import LASTS
from gateway.domain.totp import key_uri
from gateway.errors import NotFound, Refused
from gateway.mail.address import normalise_address
from gateway.services.set_factors import reset_factors, set_up_by_operator
from gateway.services.setup_code import make_setup_code


@person.command("password")
@click.argument("email")
@click.option("--reset", is_flag=True, help="Take password, app and recovery codes back, and end every session.")
@click.option("--code", "makes_code", is_flag=True, help="Print the code with which EMAIL sets all of it up alone.")
def person_password(*, email: str, reset: bool, makes_code: bool) -> None:
    """Set a password (asked for, or the first line of standard input) and an app for EMAIL; prints what the app reads
    and the recovery codes, this once. With --code EMAIL does so, at /account: hand the code over yourself, not by
    mail, which is what it is to be more than."""
    if reset and makes_code:
        raise Refused("--reset and --code: one at a time")
    address = normalise_address(email)
    with command_runtime() as runtime:
        with runtime.database.reading() as connection:
            found = find_person(connection, email=address)
        if makes_code:
            if found is None:
                raise NotFound("there is no person with this address")
            click.echo(make_setup_code(runtime, found.id, by=None))
            click.echo(f"good once, for {LASTS.days} days, at {runtime.settings.http.base_url}/account", err=True)
            return
        if reset:
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
