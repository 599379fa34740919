"""`gateway token`: what programs sign in to the API with."""

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.api_tokens import list_tokens
from gateway.services.api_tokens import LONGEST_DAYS, USUAL_DAYS, Scope, make_token, revoke_token

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_COLUMNS = ("id", "email", "scopes", "created_at", "expires_at", "used_at", "revoked_at")


@click.group()
def token() -> None:
    """Tokens for the API: a person's rights in a program's hands."""


@token.command("add")
@click.argument("email")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it is good for; may be given several times.",
)
@click.option("--days", default=USUAL_DAYS, show_default=True, help=f"How long it lives, at most {LONGEST_DAYS}.")
@_json
def token_add(*, email: str, scopes: tuple[str, ...], days: int, as_json: bool) -> None:
    """Make a token for EMAIL and print it: it is shown this once."""
    with command_runtime() as runtime:
        made = make_token(runtime, email=email, scopes={Scope(scope) for scope in scopes}, days=days)
    if as_json:
        print_rows([{"id": made.id, "token": made.token, "expires_at": made.expires_at}], as_json=True)
    else:
        click.echo(made.token)


@token.command("list")
@_json
def token_list(*, as_json: bool) -> None:
    """Every token, without what lets anybody in."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        rows = [{name: getattr(row, name) for name in _COLUMNS} for row in list_tokens(connection)]
    print_rows(rows, as_json=as_json)


@token.command("revoke")
@click.argument("number", type=int)
def token_revoke(number: int) -> None:
    """End the token with this number at once."""
    with command_runtime() as runtime:
        revoke_token(runtime, number)
    click.echo(f"token {number}: revoked")


COMMANDS: list[click.Command] = [token]
