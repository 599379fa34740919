"""A call under the names that the command line and the API give to it."""

from typing import Any

from sqlalchemy import Row

from gateway.services.call_entry import mask_number

_FIELDS = (
    *("id", "provider", "provider_id", "project", "caller_kind", "called", "lang"),
    *("started_at", "answered_at", "ended_at", "status", "outcome", "is_open", "trust"),
    *("waiting_seconds", "talk_seconds", "total_seconds", "source", "triage", "triage_reason"),
)


def call_row(row: Row[Any]) -> dict[str, Any]:
    """The fields of a row of `calls`, its number masked."""
    return {**{name: getattr(row, name) for name in _FIELDS}, "caller": mask_number(row.caller)}
