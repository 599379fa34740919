"""What leaves the house is written into the audit log before it goes: raw mail, recordings, tables."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gateway.db.audit import is_noted
from gateway.domain.audit import AuditAction
from gateway.services.audit import record_audit
from web.state import reader, web

_ONE_HEARING = timedelta(minutes=10)


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


def note_heard(recording_id: str, *, project: str | None) -> None:
    """The same of a sound, once for all the pieces that a player asks for; whichever come first."""
    runtime = web().runtime
    since = runtime.clock.now() - _ONE_HEARING
    with runtime.database.reading() as connection:
        if is_noted(
            connection, actor_id=reader().id, action=AuditAction.SOUND_HEARD, subject=recording_id, since=since
        ):
            return
    note_read(AuditAction.SOUND_HEARD, recording_id, project=project)
