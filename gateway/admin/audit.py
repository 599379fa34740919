"""`gateway audit list`: who did what."""

from datetime import UTC, datetime, timedelta

import click

from gateway.admin.context import command_runtime, print_rows
from gateway.db.audit import AuditFilter, list_audit
from gateway.domain.audit import AuditAction
from gateway.errors import Refused
from gateway.mail.address import normalise_address


@click.group()
def audit() -> None:
    """Who did what to people, rights, mail outside tickets and the machine; what happens to tickets is on them."""


@audit.command("list")
@click.option("--who", metavar="EMAIL", help="Whoever acted, or whom it is about.")
@click.option("--action", type=click.Choice([action.value for action in AuditAction]))
@click.option("--since", metavar="DATE", help="From this day on (2026-11-01), in UTC.")
@click.option("--until", metavar="DATE", help="To this day, which is part of it.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def audit_list(
    *, who: str | None, action: str | None, since: str | None, until: str | None, limit: int, as_json: bool
) -> None:
    """The newest first. What is older than retention.audit_days is gone."""
    asked = AuditFilter(
        who=None if who is None else normalise_address(who),
        action=None if action is None else AuditAction(action),
        since=None if since is None else _day(since),
        until=None if until is None else _day(until) + timedelta(days=1),
    )
    with command_runtime() as runtime, runtime.database.reading() as connection:
        rows = [
            {
                "at": row.at,
                "by": row.actor or (row.detail.get("user") or row.origin if row.origin == "shell" else row.origin),
                "origin": row.origin,
                "action": row.action,
                "subject": row.subject,
                "project": row.project,
                "detail": row.detail if as_json else _said(row.detail),
            }
            for row in list_audit(connection, asked, None, limit=limit)
        ]
    print_rows(rows, as_json=as_json)


def _said(detail: dict[str, object]) -> str | None:
    return ", ".join(f"{name}: {value}" for name, value in detail.items() if name != "user") or None


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(f"{text!r} is no day (2026-11-01)") from None


COMMANDS: list[click.Command] = [audit]
