"""`gateway replay`: what would today's rules decide about the mail of the past, or about a folder of mails?"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from gateway.admin.context import command_runtime, note_act, print_rows
from gateway.domain.audit import AuditAction
from gateway.errors import Refused

_SPAN = re.compile(r"(\d{1,5})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
EXPECTED = "expected.jsonl"


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Needed without files; says that nothing is to change.")
@click.option("--since", default="90d", show_default=True, help="How far back: 90d, 12h, 30m.")
@click.option("--all", "with_all", is_flag=True, help="Print what is decided as it was, too.")
@click.option("--to", multiple=True, help="With files: the address that they were sent to; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def replay(
    files: tuple[Path, ...], *, dry_run: bool, since: str, with_all: bool, to: tuple[str, ...], as_json: bool
) -> None:
    """Decide mail once more by today's rules, and print what comes out otherwise. Changes nothing.

    \b
    Without FILES: the raw archive, each mail against the past that it met.
    With FILES or folders of .eml: in their order into an empty database, each
    held against expected.jsonl beside it: one object a line with "file" and
    any of "verdict", "ticket" ("new", or the file that began it), "match",
    "origin". Exit 1 where something comes out otherwise.
    """
    if files:
        _replay_files(files, to=to, as_json=as_json)
        return
    if not dry_run:
        raise Refused("the archive is replayed with --dry-run only: what was decided stays as it is")
    _replay_archive(since, with_all=with_all, as_json=as_json)


def _replay_archive(since: str, *, with_all: bool, as_json: bool) -> None:
    from gateway.wiring import replay_archive

    with command_runtime() as runtime:
        found = replay_archive(runtime, since=runtime.clock.now() - _span(since))
        note_act(runtime, AuditAction.REPLAYED, since, mails=len(found))
    rows = [
        {"id": one.spool_id, "project": one.project, "differs": one.differs, **_both(one.then, one.now)}
        for one in found
        if one.differs or with_all
    ]
    print_rows(rows, as_json=as_json)
    gone = sum(one.now is None for one in found)
    differing = sum(one.differs for one in found)
    click.echo(f"{len(found)} mails, {differing} decided otherwise, {gone} not kept any more", err=True)
    sys.exit(1 if differing else 0)


def _both(then: Any, now: Any) -> dict[str, Any]:
    told = {} if now is None else asdict(now)
    return {
        f"{name}{when}": values.get(name)
        for name in asdict(then)
        for when, values in (("_then", asdict(then)), ("_now", told))
    }


def _replay_files(files: tuple[Path, ...], *, to: tuple[str, ...], as_json: bool) -> None:
    from gateway.wiring import replay_files

    paths = [one for path in files for one in (sorted(path.rglob("*.eml")) if path.is_dir() else [path])]
    expected = {folder: _expected(folder / EXPECTED) for folder in {path.parent for path in paths}}
    rows = []
    with command_runtime(needs_database=False) as runtime:
        for path, outcome in replay_files(runtime, paths, to=to):
            told = asdict(outcome)
            wanted = expected[path.parent].get(path.name, {})
            wrong = sorted(name for name, value in wanted.items() if name in told and told[name] != value)
            rows.append(
                {"file": str(path), **told, "differs": wrong, "expected": {name: wanted[name] for name in wrong}}
            )
    print_rows(rows, as_json=as_json)
    sys.exit(1 if any(row["differs"] for row in rows) else 0)


def _expected(path: Path) -> dict[str, Mapping[str, Any]]:
    if not path.exists():
        return {}
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {Path(row["file"]).name: row for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f'{path}: each line must be a JSON object with "file"') from error


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Refused(f"{text!r} is no span of time: 90d, 12h or 30m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


COMMANDS: list[click.Command] = [replay]
