"""What a receiver of webhooks is told: who and what by number, and words only where its setting lets them out.

It is made when it is sent: what was erased or hidden meanwhile is not told any more.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.config.webhooks import WebhookSettings
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import Ticket, entries, find_ticket
from gateway.domain.hooks import HookEvent
from gateway.runtime import Runtime

LONGEST = 20_000
"""As much of a text is told, in characters; the rest is at the API."""


def compose_hook(connection: Connection, runtime: Runtime, row: Row[Any], endpoint: WebhookSettings) -> bytes:
    """The body of a delivery, a row of `webhook_deliveries`."""
    ticket = None if row.ticket_id is None else find_ticket(connection, ticket_id=row.ticket_id)
    entry = None if row.entry_id is None else _entry(connection, row.entry_id, endpoint)
    data: dict[str, Any] = {
        "sequence": row.id,
        "ticket": None if ticket is None else _ticket(runtime, ticket, endpoint),
        "entry": entry,
        "change": _change(connection, row, ticket, endpoint),
    }
    told = {"type": row.event, "timestamp": _moment(row.at), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _ticket(runtime: Runtime, ticket: Ticket, endpoint: WebhookSettings) -> dict[str, Any]:
    base = runtime.settings.http.base_url
    told: dict[str, Any] = {
        "ref": ticket.ref,
        "project": ticket.project,
        "kind": ticket.kind,
        "severity": ticket.severity,
        "status": ticket.status,
        "level": ticket.level,
        "created_at": _moment(ticket.created_at),
        "updated_at": _moment(ticket.updated_at),
        "api": f"{base}/api/v1/tickets/{ticket.ref}",
        "page": f"{base}/tickets/{ticket.ref}",
    }
    return told | ({"subject": ticket.subject, "reporter": ticket.reporter} if endpoint.detail == "words" else {})


def _entry(connection: Connection, entry_id: int, endpoint: WebhookSettings) -> dict[str, Any] | None:
    row = connection.execute(select(entries).where(entries.c.id == entry_id)).one_or_none()
    if row is None:
        return None
    told: dict[str, Any] = {"id": row.id, "type": row.type, "direction": row.direction, "visible": row.visible}
    if endpoint.detail == "words" and (row.visible or endpoint.internal):
        told |= {"author": row.author, "text": row.text[:LONGEST], "is_cut": len(row.text) > LONGEST}
    return told


def _change(connection: Connection, row: Row[Any], ticket: Ticket | None, endpoint: WebhookSettings) -> dict[str, Any]:
    told = dict(row.data)
    if row.event == HookEvent.MERGED and ticket is not None and ticket.merged_into_id is not None:
        survivor = find_ticket(connection, ticket_id=ticket.merged_into_id)
        told["into"] = None if survivor is None else survivor.ref
    if endpoint.detail == "words" and endpoint.internal and ticket is not None:
        told |= _spoken(connection, row, ticket)
    return told


def _spoken(connection: Connection, row: Row[Any], ticket: Ticket) -> dict[str, Any]:
    """Who did it and why, of the event in the ticket's history that the row is about."""
    kind = {"ticket.assignee_changed": "assigned", "advisory.stepped": "step", "ticket.merged": "status"}.get(
        row.event, row.event.removeprefix("ticket.").removesuffix("_changed")
    )
    mine = ticket_events.c
    query = select(ticket_events).where(mine.ticket_id == ticket.id, mine.type == kind, mine.at == row.at)
    event = connection.execute(query.order_by(mine.id.desc()).limit(1)).one_or_none()
    if event is None:
        return {}
    assignee = {"assignee": event.value or None} if kind == "assigned" else {}
    return {"by": event.author or None, "reason": event.reason or None, **assignee}


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
