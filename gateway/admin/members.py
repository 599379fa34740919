"""`gateway person list`, `show`, `set`, `remove`: looking after people and their roles."""

from typing import Any

import click
from sqlalchemy import Connection

from gateway.admin.context import command_runtime, print_rows
from gateway.admin.people import PREFERENCE, person, read_phone
from gateway.db.memberships import Member, list_members, member
from gateway.domain.project import Project
from gateway.domain.telling import Preference
from gateway.domain.ticket import Language, Role
from gateway.errors import NotFound, Refused
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.keep_people import Wanted, change_person, take_roles

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
_ROLE = click.Choice([role.value for role in Role])


@person.command("list")
@click.option("--project", default=None, metavar="KEY")
@click.option("--role", type=_ROLE, default=None)
@_json
def person_list(*, project: str | None, role: str | None, as_json: bool) -> None:
    """Everybody with a role, by the database or by the teams of the configuration."""
    with command_runtime() as runtime:
        key = None if project is None else _project(runtime, project).key
        rows = _everybody(runtime)
    wanted = [
        row
        for row in rows
        if any(key in {None, name} and (role is None or role in roles) for name, roles in row["roles"].items())
    ]
    if not as_json:
        wanted = [{**row, "roles": _said(row["roles"])} for row in wanted]
    print_rows(wanted, as_json=as_json)


@person.command("show")
@click.argument("email")
@_json
def person_show(email: str, *, as_json: bool) -> None:
    """One person, with their roles."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        row = _row(runtime, _known(connection, normalise_address(email)))
    _print(row, as_json=as_json)


@person.command("set")
@click.argument("email")
@click.option("--name", default=None)
@click.option("--lang", type=click.Choice([language.value for language in Language]), default=None)
@click.option("--phone", default=None, help="In international form: +33612345678; an empty text forgets it.")
@PREFERENCE
@_json
def person_set(
    *, email: str, name: str | None, lang: str | None, phone: str | None, notices: str | None, as_json: bool
) -> None:
    """Change what is given of a person who is known."""
    if (name, lang, phone, notices) == (None, None, None, None):
        raise Refused("nothing would change")
    wanted = Wanted(
        name=name,
        lang=None if lang is None else Language(lang),
        phone=read_phone(phone) if phone else phone,
        notices=None if notices is None else Preference(notices),
    )
    with command_runtime() as runtime:
        with runtime.database.reading() as connection:
            found = _known(connection, normalise_address(email)).person
        change_person(runtime, person_id=found.id, wanted=wanted)
        with runtime.database.reading() as connection:
            row = _row(runtime, member(connection, found.email))
    _print(row, as_json=as_json)


@person.command("remove")
@click.argument("email")
@click.option("--project", required=True, metavar="KEY")
@click.option("--role", type=_ROLE, default=None, help="This role; every one, without it.")
@_json
def person_remove(*, email: str, project: str, role: str | None, as_json: bool) -> None:
    """Take a person's roles in a project away; who they are and what they wrote stays (`person erase` erases)."""
    with command_runtime() as runtime:
        known = _project(runtime, project)
        address, wanted = normalise_address(email), list(Role) if role is None else [Role(role)]
        if fixed := known.configured_roles(address) & set(wanted):
            raise Refused(
                f"{address} is {', '.join(sorted(fixed))} in {known.key} by the configuration: change it there"
            )
        with runtime.database.reading() as connection:
            found = _known(connection, address)
        if not set(found.roles.get(known.key, ())) & set(wanted):
            raise NotFound(f"{address} has no such role in {known.key}")
        take_roles(runtime, person_id=found.person.id, project=known.key, roles=frozenset(wanted))
        with runtime.database.reading() as connection:
            row = _row(runtime, member(connection, address))
    _print(row, as_json=as_json)


def _known(connection: Connection, email: str) -> Member:
    try:
        return member(connection, email)
    except LookupError:
        raise NotFound(f"nobody is known by {email}: `gateway person add` first") from None


def _project(runtime: Runtime, key: str) -> Project:
    found = next((one for one in runtime.settings.project_list if one.key == key.upper()), None)
    if found is None:
        keys = ", ".join(one.key for one in runtime.settings.project_list)
        raise Refused(f"there is no project {key}: one of {keys}")
    return found


def _everybody(runtime: Runtime) -> list[dict[str, Any]]:
    """Those of the database, and those whom only the configuration names."""
    with runtime.database.reading() as connection:
        rows = {one.person.email: _row(runtime, one) for one in list_members(connection)}
    named = {email for project in runtime.settings.project_list for _, team in project.teams for email in team}
    for email in named - set(rows):
        with runtime.database.reading() as connection:
            try:
                rows[email] = _row(runtime, member(connection, email))
            except LookupError:
                nobody = {"name": "", "lang": None, "phone": None, "notices": Preference.IMMEDIATE.value}
                rows[email] = {"email": email, **nobody, "roles": _roles(runtime, email, {})}
    return [rows[email] for email in sorted(rows)]


def _row(runtime: Runtime, found: Member) -> dict[str, Any]:
    one = found.person
    stored = {key: {role.value for role in roles} for key, roles in found.roles.items()}
    return {
        "email": one.email,
        "name": one.name,
        "lang": one.lang,
        "phone": one.phone,
        "notices": one.notices,
        "roles": _roles(runtime, one.email, stored),
    }


def _roles(runtime: Runtime, email: str, stored: dict[str, set[str]]) -> dict[str, list[str]]:
    found = {key: set(roles) for key, roles in stored.items()}
    for project in runtime.settings.project_list:
        if roles := project.configured_roles(email):
            found.setdefault(project.key, set()).update(role.value for role in roles)
    return {key: sorted(found[key]) for key in sorted(found)}


def _said(roles: dict[str, list[str]]) -> str:
    return "; ".join(f"{key}: {', '.join(names)}" for key, names in roles.items()) or "-"


def _print(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_rows([row], as_json=True)
        return
    told = ", ".join(str(row[name]) for name in ("name", "lang", "phone") if row[name])
    click.echo(f"{row['email']}: {_said(row['roles'])}" + (f" ({told})" if told else ""))


COMMANDS: list[click.Command] = [person]  # the group, with these commands in it
