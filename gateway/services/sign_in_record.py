"""What the audit log keeps of signing in: who came in and by which way, what failed, what was changed or ended."""

from datetime import datetime

from sqlalchemy import Connection

from gateway.db.people import find_person_by_id
from gateway.domain.audit import AuditAction, Origin
from gateway.services.audit import record_audit


def record(
    connection: Connection,
    action: AuditAction,
    *,
    at: datetime,
    by: int | None,
    person_id: int | None,
    **detail: str | int,
) -> None:
    """Remember that the person with the id `by`, None for the shell, did this to the one with `person_id`."""
    person = None if person_id is None else find_person_by_id(connection, person_id)
    record_audit(
        connection,
        at=at,
        actor_id=by,
        action=action,
        subject=None if person is None else person.email,
        detail=detail,
        person_id=person_id,
    )


def record_failure(connection: Connection, *, at: datetime, person_id: int | None, way: str) -> None:
    """Remember that somebody failed to sign in as this person; None for an address of nobody's, which is not kept."""
    person = find_person_by_id(connection, person_id or 0)  # nobody is looked for too, in the same time
    record_audit(
        connection,
        at=at,
        actor_id=None,
        action=AuditAction.SIGN_IN_FAILED,
        subject=None if person is None else person.email,
        detail={"way": way},
        person_id=person_id,
        origin=Origin.STRANGER,
    )
