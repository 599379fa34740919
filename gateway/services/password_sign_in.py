"""Staff sign in by a password and a code: one answer, in one time, to all that is wrong."""

from gateway.db.people import find_person
from gateway.domain.audit import Refusal
from gateway.domain.sign_in import Way
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.check_factors import check_factors, spend
from gateway.services.known_browser import counted_under
from gateway.services.roles import works_anywhere
from gateway.services.sign_in import NewSession, begin_session
from gateway.services.sign_in_record import record_failure, waits_noted
from gateway.services.sign_in_tries import count_try, take_try_back

_LONGEST_ADDRESS = 254


def sign_in_with_password(
    runtime: Runtime, *, email: str, password: str, code: str, peer: str, device: str, known: str = ""
) -> NewSession | None:
    """A session for whoever works for a project and has this password and this code, which is used up.

    None for an unknown address, a wrong password, a wrong or used code, and somebody who works for no project: which
    of these is never told. `known` is what the browser keeps of an earlier sign-in. Raises MustWait.
    """
    address = normalise_address(email)[:_LONGEST_ADDRESS]
    with runtime.database.reading() as connection:
        person = find_person(connection, email=address)
        works = works_anywhere(connection, runtime.settings.project_list, address)
    person_id = None if person is None else person.id
    counted = counted_under(runtime, address, person_id=person_id, known=known)
    way = Way.PASSWORD.value
    with waits_noted(runtime, person_id=person_id, way=way):
        count_try(runtime, address=counted, peer=peer)
    shown = check_factors(runtime, person_id, password=password, code=code)
    with runtime.database.transaction() as connection:
        if isinstance(shown, Refusal):
            why = shown
        elif person_id is None or not works:
            why = Refusal.NO_ROLE
        elif not spend(connection, runtime, person_id, shown):
            why = Refusal.USED
        else:
            take_try_back(connection, address=counted, peer=peer)
            return begin_session(connection, runtime, person_id=person_id, way=Way.PASSWORD, device=device)
        record_failure(connection, at=runtime.clock.now(), person_id=person_id, way=way, why=why)
    return None
