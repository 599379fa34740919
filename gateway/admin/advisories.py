"""`gateway advisory`: preventive work, from the advisory to the delivery of its patch in each project."""

from collections.abc import Iterable
from typing import Any

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.advisories import Advisory, list_advisories
from gateway.domain.advisory import Danger, Stage, Step
from gateway.services.open_advisory import open_advisory
from gateway.services.step_advisory import AdvisoryProject, advisory_state, get_advisory, step_advisory

_by = click.option("--as", "email", required=True, metavar="EMAIL", help="Who does it: N2 or a supervisor.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def advisory() -> None:
    """Security flaws and risks of data loss: verify, patch and deliver, in each project."""


@advisory.command("open")
@click.argument("reference")
@click.option("--title", required=True, metavar="TEXT")
@click.option("--touches", required=True, metavar="TEXT", help="What it concerns: a library, a system, a version.")
@click.option("--danger", type=click.Choice([danger.value for danger in Danger]), default=Danger.SECURITY.value)
@click.option("--project", "projects", multiple=True, required=True, metavar="KEY", help="As often as needed.")
@_by
@_json
def advisory_open(
    *, reference: str, title: str, touches: str, danger: str, projects: tuple[str, ...], email: str, as_json: bool
) -> None:
    """Open an advisory by its REFERENCE (CVE-2026-12345): a ticket in each project, and its contacts are told."""
    with command_runtime() as runtime:
        opened = open_advisory(
            runtime,
            reference=reference,
            title=title,
            touches=touches,
            danger=Danger(danger),
            projects=projects,
            by=email,
        )
    name = opened.advisory.reference
    if as_json:
        row = {"reference": name, "tickets": opened.tickets, "new": opened.new, "told": opened.told}
        print_rows([row], as_json=True)
        return
    for project, ref in opened.tickets.items():
        told = ", ".join(opened.told.get(project, ())) or "nobody: the project has no contacts"
        click.echo(f"{name}: {ref}, " + (f"told: {told}" if project in opened.new else "open already"))


@advisory.command("step")
@click.argument("ref")
@click.argument("step", type=click.Choice([step.value for step in Step]))
@click.option("--finding", "--words", "words", default="", metavar="TEXT", help="What was found or done; told to them.")
@_by
@_json
def advisory_step(*, ref: str, step: str, words: str, email: str, as_json: bool) -> None:
    """Take the next step on the ticket REF: present or absent, then patched, then delivered."""
    with command_runtime() as runtime:
        state = step_advisory(runtime, ref=ref, step=Step(step), words=words, by=email)
    if as_json:
        print_rows([_row(state)], as_json=True)
    else:
        click.echo(f"{state.ref}: {step}; {_next(state)}")


@advisory.command("list")
@_json
def advisory_list(*, as_json: bool) -> None:
    """Every advisory, the newest first, with how many projects are done."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        rows = [_summary(one, advisory_state(connection, one)) for one in list_advisories(connection)]
    print_rows(rows, as_json=as_json)


@advisory.command("show")
@click.argument("reference")
@_json
def advisory_show(reference: str, *, as_json: bool) -> None:
    """One advisory, and where it stands in each project."""
    with command_runtime() as runtime, runtime.database.reading() as connection:
        found = get_advisory(connection, reference)
        states = advisory_state(connection, found)
    if as_json:
        print_rows([_summary(found, states) | {"projects": [_row(state) for state in states]}], as_json=True)
        return
    click.echo(f"{found.reference}  {found.title}\n{found.danger}, touches {found.touches}")
    for state in states:
        click.echo(f"\n{state.project}  {state.ref}: {_next(state)}")
        for taken in state.steps:
            words = f": {taken.words}" if taken.words else ""
            click.echo(f"  {taken.at:%Y-%m-%d %H:%M}Z  {taken.step} by {taken.by}{words}")


def _summary(found: Advisory, states: Iterable[AdvisoryProject]) -> dict[str, Any]:
    every = list(states)
    return {
        "reference": found.reference,
        "title": found.title,
        "touches": found.touches,
        "danger": found.danger,
        "opened_at": found.opened_at,
        "projects": len(every),
        "closed": sum(state.stage is Stage.CLOSED for state in every),
    }


def _row(state: AdvisoryProject) -> dict[str, Any]:
    steps = [
        {"step": one.step, "at": one.at.isoformat().replace("+00:00", "Z"), "by": one.by, "words": one.words}
        for one in state.steps
    ]
    return {"project": state.project, "ref": state.ref, "stage": state.stage, "steps": steps}


def _next(state: AdvisoryProject) -> str:
    return {
        Stage.VERIFY: "to be verified",
        Stage.PATCH: "to be patched",
        Stage.DELIVERY: "delivery to be tracked",
        Stage.CLOSED: "closed",
    }[state.stage]


COMMANDS: list[click.Command] = [advisory]
