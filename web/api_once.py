"""What a program asks for under an Idempotency-Key is done once, also where it asks again for want of an answer.

The key is claimed before anything is done and answered after it, each in a transaction of its own. Of two at the same
time the second is told to come back. What died in between is tried again after a minute: whether it had been done or
not, an act on a ticket, a call or a mail is refused the second time by its own rules.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from flask import request
from flask_babel import gettext

from gateway.db.api_tokens import answer_key, claim_key, release_key
from gateway.db.people import Person
from web.api_problem import ApiError
from web.api_route import Answer, Call, Download
from web.state import web

_KEY = re.compile(r"[\x21-\x7e]{8,200}")
_DEAD_AFTER = timedelta(minutes=1)


def find_key() -> str | None:
    """The sum of the request's key; None where it has none. Raises ApiError for a text that is no key."""
    if "Idempotency-Key" not in request.headers:
        return None
    key = request.headers["Idempotency-Key"]
    if not _KEY.fullmatch(key):
        raise ApiError(400, gettext("Send an Idempotency-Key of 8 to 200 visible ASCII characters."))
    return key


def get_key() -> str:
    """The request's key. Raises ApiError where it has none."""
    key = find_key()
    if key is None:
        raise ApiError(400, gettext("Send an Idempotency-Key of 8 to 200 visible ASCII characters."))
    return key


def sum_of_call(call: Call) -> str:
    """The sum of all that a request asks for."""
    body = "" if call.body is None else call.body.model_dump_json()
    files = [f"{file.name}\n{sha256(file.content).hexdigest()}" for file in call.files]
    return sha256("\n".join([request.method, request.path, *files, body]).encode()).hexdigest()


def other_under_key() -> ApiError:
    """What is told to who asks for something else under a key that was used."""
    return ApiError(422, gettext("Something else was sent under this Idempotency-Key."))


def once(call: Call, act: Callable[[], Answer | Download]) -> Answer | Download:
    """Do it, or tell what it led to before. Raises ApiError, and what `act` raises."""
    key = find_key()
    if key is None:
        return act()
    person, key_sha256 = call.bearer.person, sha256(key.encode()).hexdigest()
    known = _claim(person, key_sha256, sum_of_call(call))
    if known is not None:
        return Answer(body={"ticket": known or None})
    try:
        answer = act()
    except Exception:
        with web().runtime.database.transaction() as connection:
            release_key(connection, person_id=person.id, key_sha256=key_sha256)
        raise
    with web().runtime.database.transaction() as connection:
        answer_key(connection, person_id=person.id, key_sha256=key_sha256, answer=_ticket(answer))
    return answer


def _claim(person: Person, key_sha256: str, content: str) -> str | None:
    """The answer of before; None where it is ours to do. Raises ApiError."""
    runtime = web().runtime
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        claim = claim_key(
            connection,
            person_id=person.id,
            key_sha256=key_sha256,
            content_sha256=content,
            now=now,
            dead_before=now - _DEAD_AFTER,
        )
    if not claim.is_same:
        raise other_under_key()
    if claim.is_ours or claim.answer is not None:
        return None if claim.is_ours else claim.answer
    raise ApiError(409, gettext("This is being done at this moment: ask again."), headers={"Retry-After": "2"})


def _ticket(answer: Answer | Download) -> str:
    return str(answer.body.get("ticket") or "") if isinstance(answer, Answer) else ""
