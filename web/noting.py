"""What leaves the house is written into the audit log before it goes: raw mail, recordings, tables."""

from collections.abc import Mapping
from typing import Any

from gateway.domain.audit import AuditAction
from gateway.services.audit import record_audit
from web.state import reader, web


def note_read(
    action: AuditAction, subject: str | None, *, project: str | None, detail: Mapping[str, Any] | None = None
) -> None:
    """Write down that whoever asks has this now. Raises DatabaseTrouble, and then they do not have it."""
    runtime = web().runtime
    with runtime.database.transaction() as connection:
        record_audit(
            connection,
            at=runtime.clock.now(),
            actor_id=reader().id,
            action=action,
            subject=subject,
            project=project,
            detail=detail or {},
        )
