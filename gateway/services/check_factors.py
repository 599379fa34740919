"""Is it them? A password and a code against what a person has set up, in the same time whatever is wrong.

A code is looked at here and used up later, in the transaction of what it lets happen: `spend`. So a right code beside a
wrong password stays good, and of two requests with one code one wins.
"""

import secrets
from dataclasses import dataclass
from functools import cache

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from gateway.db.sign_in_factors import find_factors, has_recovery_code, use_recovery_code, use_step
from gateway.domain.audit import Refusal
from gateway.domain.passwords import LONGEST, normal_form
from gateway.domain.recovery_codes import sum_of_recovery_code
from gateway.domain.totp import SECRET_BYTES, find_step
from gateway.runtime import Runtime
from gateway.services.seal import seal, unseal

log = structlog.get_logger()

# The first choice of the OWASP Password Storage Cheat Sheet: 19 MiB, so that eight at once fit a small machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = 0
_PURPOSE = b"gateway sign-in secrets"
_LONGEST_CODE = 40  # characters


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What was right, to be used up: the time step of an app's code, or the sum of a recovery code."""

    step: int | None
    recovery: str | None


def check_factors(runtime: Runtime, person_id: int | None, *, password: str | None, code: str) -> Accepted | Refusal:
    """What this person showed, if it is all right; else what is wrong, to be written down and told nobody.

    A `password` of None is not asked for. All is compared in every case: the time of an answer tells nothing.
    """
    typed = code.strip()[:_LONGEST_CODE]
    recovery = sum_of_recovery_code(typed)
    with runtime.database.reading() as connection:
        factors = find_factors(connection, person_id or _NOBODY)
        is_recovery = has_recovery_code(connection, person_id or _NOBODY, recovery)
    kept, sealed = (None, None) if factors is None else (factors.password_hash, factors.secret_sealed)
    is_password = password is None or _is_password(kept or _hash_of_nobody(), password)
    secret = _open(runtime, sealed) if sealed else None
    digits = "".join(typed.split())
    step = find_step(secret or bytes(SECRET_BYTES), digits, now=runtime.clock.now())
    if kept is None or secret is None:
        return Refusal.UNKNOWN if person_id is None else Refusal.NOT_SET_UP
    if not is_password:
        return Refusal.WRONG_PASSWORD
    if step is None and not is_recovery:
        return Refusal.WRONG_CODE
    return Accepted(step=step, recovery=None if step is not None else recovery)


def spend(connection: Connection, runtime: Runtime, person_id: int, accepted: Accepted) -> bool:
    """Use the code up; False where it was used before."""
    if accepted.step is not None:
        return use_step(connection, person_id, accepted.step)
    assert accepted.recovery is not None, "one of the two was right"
    return use_recovery_code(connection, person_id, accepted.recovery, now=runtime.clock.now())


def hash_password(password: str) -> str:
    """What is kept of a password (Argon2id, RFC 9106)."""
    return _HASHER.hash(normal_form(password))


def seal_secret(runtime: Runtime, secret: bytes) -> str:
    """The secret of an app as it is kept."""
    return seal(runtime.settings, _PURPOSE, secret)


def seal_pending(runtime: Runtime, secret: bytes, *, session_id: int) -> str:
    """The secret of an app that is being set up, for the session alone that sets it up."""
    return seal(runtime.settings, _pending_of(session_id), secret)


def open_pending(runtime: Runtime, sealed: str, *, session_id: int) -> bytes | None:
    """The secret again; None for another session, which is to know nothing of it."""
    return unseal(runtime.settings, _pending_of(session_id), sealed)


def _pending_of(session_id: int) -> bytes:
    return _PURPOSE + b" of session %d" % session_id


def _is_password(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, normal_form(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False


def _open(runtime: Runtime, sealed: str) -> bytes | None:
    secret = unseal(runtime.settings, _PURPOSE, sealed)
    if secret is None:
        log.warning("factors.sealed_by_another_key")
    return secret


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))
