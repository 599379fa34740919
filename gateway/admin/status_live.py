"""`gateway status --live`: the screen looks again every two seconds; where there is no screen, it prints line by line.

Each part is asked in a thread of its own, so that it goes on while the database or Redis is away or hangs.
"""

import sys
from collections.abc import Callable, Mapping
from time import sleep
from typing import Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.db.alarms import list_alarms
from gateway.db.engine import DatabaseTrouble
from gateway.domain.alarms import what_is_wrong
from gateway.runtime import Runtime
from gateway.services.health import questions
from gateway.services.probes import Probe, ask_all

EVERY = 2.0  # seconds
Parts = dict[str, Any]
SayLines = Callable[[Parts, dict[str, str], dict[str, str]], list[str]]
SayFacts = Callable[[Parts], str]


def watch(
    runtime: Runtime, *, say_lines: SayLines, say_facts: SayFacts, pause: Callable[[float], None] = sleep
) -> None:
    """Look again and again until Ctrl-C."""
    probes = {name: Probe(question) for name, question in questions(runtime).items()}
    console = Console(file=sys.stdout)
    try:
        if console.is_terminal:
            _on_screen(runtime, probes, console, say_facts, pause)
        else:
            _line_by_line(runtime, probes, say_lines, pause)
    except KeyboardInterrupt:
        return


def alarms_since(runtime: Runtime) -> dict[str, str]:
    """Since when what is wrong is known to be; nothing while the database is away."""
    try:
        with runtime.database.reading() as connection:
            rows = list_alarms(connection)
    except DatabaseTrouble:
        return {}
    return {name: f"{row.since:%Y-%m-%d %H:%M} UTC" for name, row in rows.items() if row.is_bad}


def screen(parts: Mapping[str, Any], since: Mapping[str, str], *, at: str, say_facts: SayFacts) -> Group:
    """What is on the screen: a line for each part, and below what is wrong."""
    table = Table(title=f"support gateway, {at} UTC", title_justify="left", expand=True, header_style="bold")
    table.add_column("part", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("what waits", ratio=1)
    for name, part in parts.items():
        is_up = part["state"] == "up"
        table.add_row(
            name, Text(part["state"], style="green" if is_up else "bold red"), Text(say_facts(part), overflow="fold")
        )
    wrong = what_is_wrong(parts)
    if not wrong:
        return Group(table, Panel(Text("all is well", style="green")), Text("Ctrl-C ends", style="dim"))
    told = [f"{name}: {detail}" + (f", since {since[name]}" if name in since else "") for name, detail in wrong.items()]
    panel = Panel(Text("\n".join(told)), title="what is wrong", border_style="red", title_align="left")
    return Group(table, panel, Text("deploy/RUNBOOK.md has a page for each; Ctrl-C ends", style="dim"))


def _on_screen(
    runtime: Runtime,
    probes: Mapping[str, Probe],
    console: Console,
    say_facts: SayFacts,
    pause: Callable[[float], None],
) -> None:
    with Live(console=console, auto_refresh=False) as live:
        while True:
            parts, since = _look(runtime, probes)
            at = f"{runtime.clock.now():%Y-%m-%d %H:%M:%S}"
            live.update(screen(parts, since, at=at, say_facts=say_facts), refresh=True)
            pause(EVERY)


def _line_by_line(
    runtime: Runtime, probes: Mapping[str, Probe], say_lines: SayLines, pause: Callable[[float], None]
) -> None:
    while True:
        parts, since = _look(runtime, probes)
        wrong = what_is_wrong(parts)
        click.echo(f"{runtime.clock.now():%Y-%m-%d %H:%M:%S} UTC")
        for line in say_lines(parts, wrong, since):
            click.echo(line)
        click.echo("")
        pause(EVERY)


def _look(runtime: Runtime, probes: Mapping[str, Probe]) -> tuple[Parts, dict[str, str]]:
    parts: Parts = ask_all(probes)
    # A database that is down is not asked once more, which could take as long as its timeout.
    return parts, alarms_since(runtime) if parts["database"]["state"] == "up" else {}
