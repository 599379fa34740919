"""`gateway status`: how everything is, on one screen."""

import json
import sys
from typing import Any

import click

from gateway.admin.context import command_runtime
from gateway.domain.alarms import what_is_wrong
from gateway.errors import Refused
from gateway.services.health import ask_everything


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--live", "is_live", is_flag=True, help="Look again every two seconds, until Ctrl-C.")
def status(*, as_json: bool, is_live: bool) -> None:
    """Show how each part is, what waits and what is wrong; the same as /readyz. Exit 1 where something is wrong."""
    # Here, so that no role keeps what draws a terminal in its memory.
    from gateway.admin.status_live import alarms_since, watch

    if as_json and is_live:
        raise Refused("--json or --live, not both")
    with command_runtime(needs_database=False) as runtime:
        if is_live:
            watch(runtime, say_lines=_lines, say_facts=_facts)
            return
        parts = ask_everything(runtime)
        wrong = what_is_wrong(parts)
        since = alarms_since(runtime)
    if as_json:
        click.echo(json.dumps({"ready": not _down(parts), "parts": parts, "alarms": wrong}, ensure_ascii=False))
    else:
        for line in _lines(parts, wrong, since):
            click.echo(line)
    sys.exit(1 if wrong or _down(parts) else 0)


def _down(parts: dict[str, Any]) -> list[str]:
    return [name for name, part in parts.items() if part["state"] != "up"]


def _lines(parts: dict[str, Any], wrong: dict[str, str], since: dict[str, str]) -> list[str]:
    lines = [f"{name:<11}{part['state']:<6}{_facts(part)}".rstrip() for name, part in parts.items()]
    lines.append("")
    if not wrong:
        return [*lines, "all is well"]
    told = [
        f"! {name}: {detail}" + (f", since {since[name]}" if name in since else "") for name, detail in wrong.items()
    ]
    return [*lines, *told, "deploy/RUNBOOK.md has a page for each"]


def _facts(part: dict[str, Any]) -> str:
    """What a part says, in words: `mail 3 waiting, the oldest 12 s`."""
    said = [_lane(name, lane) for name, lane in part.get("lanes", {}).items() if lane["waiting"] or lane["quarantined"]]
    said += [f"{name} {box['state']}, {box['waiting']} waiting" for name, box in part.get("mailboxes", {}).items()]
    said += [_receiver(name, one) for name, one in part.get("receivers", {}).items()]
    said += [_machine(name, one) for name, one in part.get("machines", {}).items()]
    said += [f"{name} by {lease['machine'] or 'nobody'}" for name, lease in part.get("leases", {}).items()]
    oldest = part.get("outbox", {}).get("oldest_seconds")
    said += [f"the oldest mail to send is {_span(oldest)} old"] if oldest is not None else []
    plain = {name: value for name, value in part.items() if name != "state" and isinstance(value, int) and value}
    said += [
        f"{name.removesuffix('_seconds').replace('_', ' ')} {_amount(name, value)}" for name, value in plain.items()
    ]
    return "; ".join(said)


def _lane(name: str, lane: dict[str, Any]) -> str:
    told = f"{name} {lane['waiting']} waiting"
    told += f", the oldest {_span(lane['oldest_seconds'])}" if lane["oldest_seconds"] is not None else ""
    return told + (f", {lane['quarantined']} in quarantine" if lane["quarantined"] else "")


def _receiver(name: str, one: dict[str, Any]) -> str:
    told = f"{name} {one['waiting']} waiting"
    told += f", the oldest {_span(one['oldest_seconds'])}" if one["oldest_seconds"] is not None else ""
    return told + (", wants no more" if one["state"] == "gone" else "")


def _machine(name: str, one: dict[str, Any]) -> str:
    seen = "up" if one["state"] == "up" else f"{one['state']} for {_span(one['seen_seconds'])}"
    waits = f", {one['waiting']} waiting" if one["waiting"] else ""
    return f"{name} {seen}{waits}" + (f", {one['quarantined']} in quarantine" if one["quarantined"] else "")


def _amount(name: str, value: int) -> str:
    return _span(value) if name.endswith("_seconds") else str(value)


def _span(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


COMMANDS: list[click.Command] = [status]
