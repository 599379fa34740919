"""Bearer tokens for the API (RFC 6750): a person's rights in a program's hands, and never more than theirs.

A token says what it is good for (its scopes), ends by itself, and can be revoked. Whoever makes one sees it once: the
database has the sha256 of 256 random bits. A token is found by the number in it and then compared in constant time,
so that the time of an answer tells nothing of how much of it was right.
"""

import hmac
import re
import secrets
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection

from gateway.db import api_tokens
from gateway.db.people import Person, find_person, find_person_by_id
from gateway.domain.audit import AuditAction
from gateway.domain.reasons import Reason
from gateway.errors import Deferred, NotFound, Refused
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.audit import record_audit

USUAL_DAYS = 90
LONGEST_DAYS = 366
_USE_NOTED_EVERY = timedelta(hours=1)
_TOKEN = re.compile(r"sgw_([1-9][0-9]{0,8})_([A-Za-z0-9_-]{43})")


class Scope(StrEnum):
    """What a token is good for, within what its person may do. All of them are shorter than the 200 characters kept."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    REPORT = "report"  # what reporters do: report, answer, say whether it is solved
    EVIDENCE_READ = "evidence:read"  # decisions, and mail as it came
    CALLS_READ = "calls:read"
    CALLS_WRITE = "calls:write"
    MAIL_READ = "mail:read"  # what is held or could not be filed
    MAIL_WRITE = "mail:write"
    DUTY_READ = "duty:read"
    DUTY_WRITE = "duty:write"
    ADVISORIES_READ = "advisories:read"
    ADVISORIES_WRITE = "advisories:write"
    FIGURES_READ = "figures:read"


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token that was just made; `token` is kept nowhere."""

    id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """Whoever a live token belongs to, and what it is good for."""

    token_id: int
    person: Person
    scopes: frozenset[Scope]


def make_token(
    runtime: Runtime, *, email: str, scopes: Collection[Scope], days: int = USUAL_DAYS, by: int | None = None
) -> NewToken:
    """A new token for the person with this address; `by` is the id of whoever makes it, None for the shell.

    Raises NotFound, Refused for no scope and for days out of range.
    """
    with runtime.database.transaction() as connection:
        person = find_person(connection, email=normalise_address(email))
        if person is None:
            raise NotFound(Reason.NO_PERSON())
        return add_token_for(connection, runtime, person, scopes=scopes, days=days, by=by)


def add_token_for(
    connection: Connection, runtime: Runtime, person: Person, *, scopes: Collection[Scope], days: int, by: int | None
) -> NewToken:
    """As `make_token`, within a transaction."""
    if not scopes:
        raise Refused(Reason.TOKEN_SCOPE())
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(Reason.TOKEN_DAYS(count=LONGEST_DAYS))
    secret = secrets.token_urlsafe(32)
    now = runtime.clock.now()
    expires_at = now + timedelta(days=days)
    given = [scope for scope in Scope if scope in scopes]
    token_id = api_tokens.add_token(
        connection, person_id=person.id, token_sha256=_sum(secret), scopes=given, now=now, expires_at=expires_at
    )
    record_audit(
        connection,
        at=now,
        actor_id=by,
        action=AuditAction.TOKEN_MADE,
        subject=person.email,
        person_id=person.id,
        detail={"token": token_id, "scopes": " ".join(given), "days": days},
    )
    return NewToken(id=token_id, token=f"sgw_{token_id}_{secret}", expires_at=expires_at)


def find_bearer(runtime: Runtime, token: str) -> Bearer | None:
    """Whose token it is; None for one that is unknown, altered, expired or revoked: which is never told."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        row = api_tokens.find_live_token(connection, int(parts[1]), now=now)
        person = None if row is None else find_person_by_id(connection, row.person_id)
    is_right = hmac.compare_digest(_sum(parts[2]), "" if row is None else row.token_sha256)
    if row is None or person is None or not is_right:
        return None
    if row.used_at is None or now - row.used_at >= _USE_NOTED_EVERY:
        # A database that only reads, or that somebody else writes to for long, keeps no program from reading.
        with suppress(Deferred), runtime.database.transaction() as connection:
            api_tokens.note_use(connection, row.id, now=now)
    known = set(Scope)
    scopes = frozenset(Scope(word) for word in row.scopes.split() if word in known)
    return Bearer(token_id=row.id, person=person, scopes=scopes)


def revoke_token(runtime: Runtime, token_id: int, *, by: int | None = None) -> None:
    """End a token at once; `by` is None for the shell. Raises NotFound where there is none that lives."""
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        owner = api_tokens.revoke_token(connection, token_id, now=now)
        person = None if owner is None else find_person_by_id(connection, owner)
        if person is None:
            raise NotFound(Reason.NO_TOKEN(number=token_id))
        record_audit(
            connection,
            at=now,
            actor_id=by,
            action=AuditAction.TOKEN_REVOKED,
            subject=person.email,
            person_id=person.id,
            detail={"token": token_id},
        )


def _sum(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
