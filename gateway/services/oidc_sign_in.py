"""Staff sign in by their organisation: somebody whom we know to work here gets a session, nobody is made of it."""

from gateway.db.people import find_person
from gateway.domain.audit import Refusal
from gateway.domain.sign_in import Way
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.roles import works_anywhere
from gateway.services.sign_in import NewSession, begin_session
from gateway.services.sign_in_record import record_failure
from gateway.services.sign_in_tries import take_try_back


def sign_in_as_vouched(runtime: Runtime, *, email: str, peer: str, device: str) -> NewSession | None:
    """A session for whoever has this address, for which the provider vouches, and works for a project; else None."""
    address = normalise_address(email)
    with runtime.database.transaction() as connection:
        person = find_person(connection, email=address)
        if person is not None and works_anywhere(connection, runtime.settings.project_list, address):
            take_try_back(connection, address=None, peer=peer)
            return begin_session(connection, runtime, person_id=person.id, way=Way.OIDC, device=device)
        person_id, why = (None, Refusal.UNKNOWN) if person is None else (person.id, Refusal.NO_ROLE)
        record_failure(connection, at=runtime.clock.now(), person_id=person_id, way=Way.OIDC.value, why=why)
    return None
