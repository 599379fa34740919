"""What the audit log keeps of signing in: who came in and by which way, what failed and why, what was changed or ended.

However often somebody fails in one way, the log is told of it a few times an hour (`domain.tries.is_told`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from gateway.db.people import find_person_by_id
from gateway.db.sign_in_tries import lock_tries, set_tries
from gateway.domain.audit import AuditAction, Origin, Refusal
from gateway.domain.tries import TOLD_SINGLY, TOLD_WITHIN, is_told, key_of_told
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.sign_in_tries import MustWait


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


def record_failure(
    connection: Connection,
    *,
    at: datetime,
    person_id: int | None,
    way: str,
    why: Refusal,
    what: str | None = None,
) -> None:
    """Remember that somebody failed to sign in as this person, or to change how they do; None for an address of
    nobody's, which is not kept. `way` is a `Way` or "change", `what` is what was to be changed.

    Where it is one of very many, `times` says how many of the same there were within the hour.
    """
    person = find_person_by_id(connection, person_id or 0)  # nobody is looked for too, in the same time
    key = key_of_told(person_id, way, why.value)
    told = lock_tries(connection, key, now=at)
    begins = told.failures == 0 or at - told.last_at >= TOLD_WITHIN
    times = 1 if begins else told.failures + 1
    set_tries(connection, key, failures=times, now=at if begins else told.last_at)
    if not is_told(times):
        return
    record_audit(
        connection,
        at=at,
        actor_id=None,
        action=AuditAction.SIGN_IN_FAILED,
        subject=None if person is None else person.email,
        detail={"way": way, "what": what, "why": why.value, "times": times if times > TOLD_SINGLY else None},
        person_id=person_id,
        origin=Origin.STRANGER,
    )


def note_failure(runtime: Runtime, *, person_id: int | None, way: str, why: Refusal, what: str | None = None) -> None:
    """The same, in a unit of work of its own."""
    with runtime.database.transaction() as connection:
        record_failure(connection, at=runtime.clock.now(), person_id=person_id, way=way, why=why, what=what)


@contextmanager
def waits_noted(runtime: Runtime, *, person_id: int | None, way: str, what: str | None = None) -> Iterator[None]:
    """Around counting a try: that it was not looked at is remembered, too. Raises MustWait on."""
    try:
        yield
    except MustWait:
        note_failure(runtime, person_id=person_id, way=way, why=Refusal.TOO_MANY, what=what)
        raise
