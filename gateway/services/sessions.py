"""The sessions of a person: seen, ended one by one or together, by themselves, by a supervisor or by the operator.

`by` is the id of whoever does it, None for the operator's shell. Whether they may is asked before: a person may end
their own, and the pages of the desk let a supervisor end those of the people they supervise.
"""

from collections.abc import Collection

from gateway.db.people import find_person
from gateway.db.sign_in import Session, list_live_sessions, revoke_sessions_of
from gateway.db.sign_in import revoke_session as revoke_row
from gateway.domain.audit import AuditAction
from gateway.errors import NotFound
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.sign_in_record import record


def list_sessions(runtime: Runtime, person_id: int) -> list[Session]:
    """The live sessions of this person, those seen last first. Raises DatabaseTrouble."""
    with runtime.database.reading() as connection:
        return [row for _, row in list_live_sessions(connection, now=runtime.clock.now(), person_id=person_id)]


def list_all_sessions(runtime: Runtime, *, email: str | None = None) -> list[tuple[str, Session]]:
    """Every live session with its person's address; of one person where an address is given. Raises NotFound."""
    with runtime.database.reading() as connection:
        person = None if email is None else find_person(connection, email=normalise_address(email))
        if email is not None and person is None:
            raise NotFound("there is no person with this address")
        person_id = None if person is None else person.id
        return list_live_sessions(connection, now=runtime.clock.now(), person_id=person_id)


def revoke_session(runtime: Runtime, session_id: int, *, person_id: int | None, by: int | None) -> None:
    """End one live session, of this person where one is given. Raises NotFound where there is none."""
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        owner = revoke_row(connection, session_id, now=now, person_id=person_id)
        if not owner:
            raise NotFound("there is no such session, or it has ended")
        record(connection, AuditAction.SESSION_REVOKED, at=now, by=by, person_id=owner, sessions=1)


def revoke_sessions(runtime: Runtime, person_id: int, *, by: int | None, but: Collection[int] = ()) -> int:
    """End every live session of this person except those in `but`; how many ended."""
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        ended = revoke_sessions_of(connection, person_id, now=now, but=but)
        if ended:
            record(connection, AuditAction.SESSION_REVOKED, at=now, by=by, person_id=person_id, sessions=ended)
    return ended
