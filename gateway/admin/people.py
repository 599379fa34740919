"""`gateway person`, `gateway login-link`: who may sign in."""

import click

from gateway.admin.context import command_runtime, note_act, print_rows
from gateway.domain.audit import AuditAction
from gateway.domain.telling import Preference
from gateway.domain.ticket import Language, Role
from gateway.errors import Refused
from gateway.mail.address import is_address, normalise_address
from gateway.services.keep_people import Wanted, add_person
from gateway.services.sign_in import make_link

PREFERENCE = click.option(
    "--notices",
    type=click.Choice([preference.value for preference in Preference]),
    default=None,
    help="How they are told of what they may choose about; answers, warnings and breaches always come.",
)


def read_phone(text: str) -> str:
    """The number, in international form. Raises Refused for anything else."""
    if not (text.startswith("+") and text[1:].isdigit() and 8 <= len(text) <= 16):
        raise Refused(f"{text!r} is not a number in international form (+33612345678)")
    return text


@click.group()
def person() -> None:
    """People."""


@person.command("add")
@click.argument("email")
@click.option("--name", default=None)
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.REPORTER.value)
@click.option("--project", default=None, help="The project's key; needed where there are several projects.")
@click.option("--lang", type=click.Choice([language.value for language in Language]), default=None)
@click.option("--phone", default=None, help="In international form: +33612345678.")
@PREFERENCE
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON object.")
def person_add(
    *,
    email: str,
    name: str | None,
    role: str,
    project: str | None,
    lang: str | None,
    phone: str | None,
    notices: str | None,
    as_json: bool,
) -> None:
    """Add a person, or change what is given of one that is known."""
    address = normalise_address(email)
    if not is_address(address):
        raise Refused(f"{email!r} is not a mail address")
    if phone is not None:
        read_phone(phone)
    with command_runtime() as runtime:
        keys = [known.key for known in runtime.settings.project_list]
        if project is None and len(keys) > 1:
            raise Refused(f"--project is needed: one of {', '.join(keys)}")
        key = keys[0] if project is None else project.upper()
        if key not in keys:
            raise Refused(f"there is no project {project}: one of {', '.join(keys)}")
        wanted = Wanted(
            name=name,
            lang=None if lang is None else Language(lang),
            phone=phone,
            notices=None if notices is None else Preference(notices),
        )
        add_person(runtime, email=address, role=Role(role), project=key, wanted=wanted)
    if as_json:
        print_rows([{"email": address, "role": role, "project": key}], as_json=True)
    else:
        click.echo(f"{address}: {role} in {key}")


@click.command("login-link")
@click.argument("email")
def login_link(email: str) -> None:
    """Print a one-time login URL."""
    with command_runtime() as runtime:
        link = make_link(runtime, email=email)
        address = normalise_address(email)
        note_act(runtime, AuditAction.LINK_MADE, address, email=address)
        click.echo(link)


COMMANDS: list[click.Command] = [person, login_link]
