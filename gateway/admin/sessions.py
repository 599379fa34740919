"""`gateway session`: who is signed in, and ending it."""

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.errors import Refused
from gateway.services.sessions import list_all_sessions, revoke_session, revoke_sessions

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_COLUMNS = ("created_at", "last_seen_at", "expires_at", "device")


@click.group()
def session() -> None:
    """Browsers that are signed in."""


@session.command("list")
@click.argument("email", required=False)
@_json
def session_list(*, email: str | None, as_json: bool) -> None:
    """Every session that lives, those seen last first; of EMAIL alone where it is given."""
    with command_runtime() as runtime:
        rows = [
            {"id": row.id, "email": owner, "way": row.way.value, **{name: getattr(row, name) for name in _COLUMNS}}
            for owner, row in list_all_sessions(runtime, email=email)
        ]
    print_rows(rows, as_json=as_json)


@session.command("revoke")
@click.argument("number", type=int, required=False)
@click.option("--person", "email", default=None, metavar="EMAIL", help="Every session of this person.")
def session_revoke(*, number: int | None, email: str | None) -> None:
    """End the session with this number at once, or every session of a person."""
    if (number is None) == (email is None):
        raise Refused("give the number of a session, or --person EMAIL")
    with command_runtime() as runtime:
        if number is not None:
            revoke_session(runtime, number, person_id=None, by=None)
            click.echo(f"session {number}: revoked")
            return
        live = list_all_sessions(runtime, email=email)
        ended = revoke_sessions(runtime, live[0][1].person_id, by=None) if live else 0
    click.echo(f"{email}: {ended} session(s) revoked")


COMMANDS: list[click.Command] = [session]
