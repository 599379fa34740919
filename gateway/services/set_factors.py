"""A person's password, app and recovery codes: set up, changed and taken away.

Setting up the first time needs a session, and where that began by a mailed link a code that they were handed
(`services.setup_code`). Later each change needs a code, and the password as well unless the session began by a link: a
mailbox and an app are two things that they have, which is how a forgotten password is replaced. Every change ends all
sessions and begins a new one for whoever made it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from gateway.db.people import Person, find_person
from gateway.db.sign_in import revoke_sessions_of
from gateway.db.sign_in_factors import (
    Factors,
    count_recovery_codes,
    drop_factors,
    find_factors,
    set_factors,
    set_recovery_codes,
)
from gateway.domain.audit import AuditAction, Refusal
from gateway.domain.passwords import LONGEST, SHORTEST, PasswordFault, find_password_fault
from gateway.domain.recovery_codes import new_recovery_codes, sum_of_recovery_code
from gateway.domain.sign_in import Way
from gateway.domain.totp import SECRET_BYTES, find_step
from gateway.errors import NotFound, Refused
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.check_factors import (
    Accepted,
    check_factors,
    hash_password,
    open_pending,
    seal_pending,
    seal_secret,
    spend,
)
from gateway.services.setup_code import is_setup_code_asked, is_setup_code_of
from gateway.services.sign_in import NewSession, Visitor, begin_session
from gateway.services.sign_in_record import note_failure, record, waits_noted
from gateway.services.sign_in_tries import count_try, take_try_back

_BY_LINK = frozenset({Way.LINK, Way.OPERATOR})
_WAY = "change"  # how the audit log calls a try at this, beside the ways of signing in

_WHY = {
    PasswordFault.SHORT: f"it has fewer than {SHORTEST} characters",
    PasswordFault.LONG: f"it has more than {LONGEST} characters",
    PasswordFault.NAMES_YOU: "it is the person's address or name",
    PasswordFault.MONOTONOUS: "it repeats one or two characters",
}


class NotProven(Refused):
    """The password or the code of now is wrong, or the code was used before; `why` is for the audit log."""

    def __init__(self, why: Refusal) -> None:
        super().__init__("the password or the code is wrong, or was used before")
        self.why = why


class WrongNewCode(Refused):
    """The code is not one of the app that is being set up."""


class BadPassword(Refused):
    """The new password is not taken; `fault` says why."""

    def __init__(self, fault: PasswordFault) -> None:
        super().__init__(f"this password is not taken: {_WHY[fault]}")
        self.fault = fault


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What somebody shows before they change anything; `password` is not looked at where it is not asked. `code` is of
    their app, or for recovery; for the first setting up the one that they were handed."""

    password: str
    code: str
    peer: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a person has set up: how many recovery codes are left, the secret of an app that they are setting up, and
    the sum of a code that they were handed for it."""

    is_set_up: bool
    codes_left: int
    pending: bytes | None
    setup_sha256: str | None


def standing_of(runtime: Runtime, person_id: int, *, session_id: int = 0) -> Standing:
    """What this person has set up, or begun to by this session. Raises DatabaseTrouble."""
    with runtime.database.reading() as connection:
        found = find_factors(connection, person_id)
        left = count_recovery_codes(connection, person_id)
    sealed = None if found is None else found.pending_sealed
    return Standing(
        is_set_up=found is not None and found.password_hash is not None,
        codes_left=left,
        pending=None if sealed is None else open_pending(runtime, sealed, session_id=session_id),
        setup_sha256=None if found is None else found.setup_sha256,
    )


def is_password_asked(visitor: Visitor) -> bool:
    """True where a change needs the password of now beside a code."""
    return visitor.way not in _BY_LINK


def begin_app(runtime: Runtime, visitor: Visitor) -> None:
    """Draw a secret for an app that is to be set up. It opens nothing before `set_up`, and no other session sees it:
    whoever reads their mail would have the codes of their app."""
    pending = seal_pending(runtime, secrets.token_bytes(SECRET_BYTES), session_id=visitor.session_id)
    with runtime.database.transaction() as connection:
        set_factors(connection, visitor.person.id, now=runtime.clock.now(), pending_sealed=pending)


def set_up(
    runtime: Runtime, visitor: Visitor, *, password: str, new_code: str, proof: Proof, device: str
) -> tuple[list[str], NewSession]:
    """Set a password, and the app of which this is a code; the recovery codes, to be shown once, and the new session.

    Raises NotFound where no app was begun, BadPassword, MustWait, WrongNewCode and NotProven.
    """
    person = visitor.person
    _require_good(password, person)
    standing = standing_of(runtime, person.id, session_id=visitor.session_id)
    if standing.pending is None:
        raise NotFound("no app is being set up")
    _count(runtime, visitor, proof, what="all")
    step = find_step(standing.pending, "".join(new_code.split()), now=runtime.clock.now())
    if step is None:
        note_failure(runtime, person_id=person.id, way=_WAY, why=Refusal.WRONG_NEW_CODE, what="all")
        raise WrongNewCode("this is not a code of the app")
    accepted = _check(runtime, visitor, proof, what="all") if standing.is_set_up else None
    if accepted is None:
        _check_handed(runtime, visitor, proof)
    values: dict[str, Any] = {
        "password_hash": hash_password(password),
        "secret_sealed": seal_secret(runtime, standing.pending),
    }
    codes = new_recovery_codes()
    with _changing(runtime, visitor, accepted, proof, what="all") as connection:
        found = find_factors(connection, person.id, lock=True)
        if accepted is None and (found is None or _sums_of(found) != (None, standing.setup_sha256)):
            raise NotProven(Refusal.CHANGED)
        values |= {"pending_sealed": None, "used_step": step, "setup_sha256": None, "setup_until": None}
        set_factors(connection, person.id, now=runtime.clock.now(), **values)
        set_recovery_codes(connection, person.id, [sum_of_recovery_code(code) for code in codes])
        return codes, _anew(connection, runtime, person.id, way=Way.PASSWORD, device=device)


def change_password(runtime: Runtime, visitor: Visitor, *, password: str, proof: Proof, device: str) -> NewSession:
    """Set another password. Raises BadPassword, MustWait, NotProven."""
    person = visitor.person
    _require_good(password, person)
    accepted = _prove(runtime, visitor, proof, what="password")
    hashed = hash_password(password)
    with _changing(runtime, visitor, accepted, proof, what="password") as connection:
        set_factors(connection, person.id, now=runtime.clock.now(), password_hash=hashed)
        return _anew(connection, runtime, person.id, way=Way.PASSWORD, device=device)


def renew_codes(runtime: Runtime, visitor: Visitor, *, proof: Proof, device: str) -> tuple[list[str], NewSession]:
    """New recovery codes in the place of those before. Raises MustWait, NotProven."""
    person = visitor.person
    accepted = _prove(runtime, visitor, proof, what="codes")
    codes = new_recovery_codes()
    with _changing(runtime, visitor, accepted, proof, what="codes") as connection:
        set_recovery_codes(connection, person.id, [sum_of_recovery_code(code) for code in codes])
        return codes, _anew(connection, runtime, person.id, way=visitor.way, device=device)


def remove_factors(runtime: Runtime, visitor: Visitor, *, proof: Proof, device: str) -> NewSession:
    """Take all of it away. Raises MustWait, NotProven."""
    person = visitor.person
    accepted = _prove(runtime, visitor, proof, what="removed")
    with _changing(runtime, visitor, accepted, proof, what="removed") as connection:
        drop_factors(connection, person.id)
        return _anew(connection, runtime, person.id, way=visitor.way, device=device)


def reset_factors(runtime: Runtime, person_id: int, *, by: int | None) -> bool:
    """Take a person's password, app and codes away and end their sessions, for a supervisor (whether they may is asked
    before) or, with `by` None, for the operator. False where nothing was set up."""
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        if not drop_factors(connection, person_id):
            return False
        revoke_sessions_of(connection, person_id, now=now)
        record(connection, AuditAction.SIGN_IN_CHANGED, at=now, by=by, person_id=person_id, what="removed")
    return True


def set_up_by_operator(runtime: Runtime, *, email: str, password: str) -> tuple[bytes, list[str]]:
    """Set a password and an app for a person, in the place of what they had: the app's secret and the recovery codes,
    to be handed over. Raises NotFound, BadPassword."""
    with runtime.database.reading() as connection:
        person = find_person(connection, email=normalise_address(email))
    if person is None:
        raise NotFound("there is no person with this address")
    _require_good(password, person)
    secret, codes, now = secrets.token_bytes(SECRET_BYTES), new_recovery_codes(), runtime.clock.now()
    values = {"password_hash": hash_password(password), "secret_sealed": seal_secret(runtime, secret)}
    with runtime.database.transaction() as connection:
        drop_factors(connection, person.id)
        set_factors(connection, person.id, now=now, **values)
        set_recovery_codes(connection, person.id, [sum_of_recovery_code(code) for code in codes])
        revoke_sessions_of(connection, person.id, now=now)
        record(connection, AuditAction.SIGN_IN_CHANGED, at=now, by=None, person_id=person.id, what="all")
    return secret, codes


def _require_good(password: str, person: Person) -> None:
    fault = find_password_fault(password, email=person.email, name=person.name)
    if fault is not None:
        raise BadPassword(fault)


def _prove(runtime: Runtime, visitor: Visitor, proof: Proof, *, what: str) -> Accepted:
    _count(runtime, visitor, proof, what=what)
    return _check(runtime, visitor, proof, what=what)


def _count(runtime: Runtime, visitor: Visitor, proof: Proof, *, what: str) -> None:
    person = visitor.person
    with waits_noted(runtime, person_id=person.id, way=_WAY, what=what):
        count_try(runtime, address=person.email, peer=proof.peer)


def _check(runtime: Runtime, visitor: Visitor, proof: Proof, *, what: str) -> Accepted:
    person_id = visitor.person.id
    password = proof.password if is_password_asked(visitor) else None
    shown = check_factors(runtime, person_id, password=password, code=proof.code)
    if isinstance(shown, Refusal):
        note_failure(runtime, person_id=person_id, way=_WAY, why=shown, what=what)
        raise NotProven(shown)
    return shown


def _check_handed(runtime: Runtime, visitor: Visitor, proof: Proof) -> None:
    if is_setup_code_asked(visitor) and not is_setup_code_of(runtime, visitor, proof.code):
        why = Refusal.WRONG_SETUP_CODE
        note_failure(runtime, person_id=visitor.person.id, way=_WAY, why=why, what="all")
        raise NotProven(why)


def _sums_of(found: Factors) -> tuple[str | None, str | None]:
    return found.password_hash, found.setup_sha256


@contextmanager
def _changing(
    runtime: Runtime, visitor: Visitor, accepted: Accepted | None, proof: Proof, *, what: str
) -> Iterator[Connection]:
    """The unit of work of a change: what was shown is used up in it, and it is written down, or why it was refused."""
    person, now = visitor.person, runtime.clock.now()
    try:
        with runtime.database.transaction() as connection:
            if accepted is not None and not spend(connection, runtime, person.id, accepted):
                raise NotProven(Refusal.USED)
            take_try_back(connection, address=person.email, peer=proof.peer)
            yield connection
            record(connection, AuditAction.SIGN_IN_CHANGED, at=now, by=person.id, person_id=person.id, what=what)
    except NotProven as error:
        note_failure(runtime, person_id=person.id, way=_WAY, why=error.why, what=what)
        raise


def _anew(connection: Connection, runtime: Runtime, person_id: int, *, way: Way, device: str) -> NewSession:
    revoke_sessions_of(connection, person_id, now=runtime.clock.now())
    return begin_session(connection, runtime, person_id=person_id, way=way, device=device)
