"""A supervisor ends and makes the ways in of the people whom they look after: sessions, tokens, passwords."""

from collections.abc import Collection

from gateway.db.api_tokens import list_tokens_of, newest_token
from gateway.db.people import Person
from gateway.db.people_list import lock_person
from gateway.domain.reasons import Reason
from gateway.domain.sign_in import Way
from gateway.errors import Conflict, NotFound
from gateway.runtime import Runtime
from gateway.services.api_tokens import NewToken, Scope, add_token_for, revoke_token
from gateway.services.keep_people import require_touch
from gateway.services.sessions import revoke_session, revoke_sessions
from gateway.services.set_factors import reset_factors
from gateway.services.setup_code import make_setup_code


def make_token_of(
    runtime: Runtime, person_id: int, *, scopes: Collection[Scope], days: int, by: Person, newest: int
) -> NewToken:
    """A token for them. Raises Conflict where one was made since `newest`, so that a form sent twice makes one."""
    with runtime.database.transaction() as connection:
        found = require_touch(connection, runtime, person_id, by)
        lock_person(connection, person_id)
        if newest_token(connection, person_id) != newest:
            raise Conflict(Reason.TOKEN_MEANWHILE())
        return add_token_for(connection, runtime, found.person, scopes=scopes, days=days, by=by.id)


def end_token_of(runtime: Runtime, person_id: int, token_id: int, *, by: Person) -> None:
    """End one of their tokens. Raises NotFound for one of somebody else, or that has ended."""
    with runtime.database.reading() as connection:
        require_touch(connection, runtime, person_id, by)
        theirs = {row.id for row in list_tokens_of(connection, person_id, now=runtime.clock.now())}
    if token_id not in theirs:
        raise NotFound(Reason.NO_TOKEN(number=token_id))
    revoke_token(runtime, token_id, by=by.id)


def end_session_of(runtime: Runtime, person_id: int, session_id: int | None, *, by: Person) -> None:
    """End one of their sessions, or every one for None. Raises NotFound."""
    with runtime.database.reading() as connection:
        require_touch(connection, runtime, person_id, by)
    if session_id is None:
        revoke_sessions(runtime, person_id, by=by.id)
    else:
        revoke_session(runtime, session_id, person_id=person_id, by=by.id)


def make_setup_code_of(runtime: Runtime, person_id: int, *, by: Person) -> str:
    """The code with which they set their password and app up, to be handed over. Raises NotFound where nobody signs in
    by a password, for somebody who works for no project, and for oneself: another one vouches; Conflict where they have
    a password."""
    with runtime.database.reading() as connection:
        found = require_touch(connection, runtime, person_id, by)
    if person_id == by.id or Way.PASSWORD not in runtime.settings.sign_in.ways or not found.works:
        raise NotFound(Reason.NO_PERSON())
    return make_setup_code(runtime, person_id, by=by.id)


def reset_factors_of(runtime: Runtime, person_id: int, *, by: Person) -> None:
    """Take their password, app and recovery codes back and end their sessions, so that they set all up anew. Raises
    NotFound, also for oneself: whoever changes their own shows what they have."""
    with runtime.database.reading() as connection:
        require_touch(connection, runtime, person_id, by)
    if person_id == by.id or not reset_factors(runtime, person_id, by=by.id):
        raise NotFound(Reason.NO_PERSON())
