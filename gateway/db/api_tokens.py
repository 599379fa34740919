"""Tokens for the API, and what was reported with them. Neither table holds anything that lets its reader in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    Update,
    delete,
    insert,
    select,
    update,
)

from gateway.db.people import people
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_sha256", String(64), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)
"""`scopes` are words with a space between them; `used_at` is right to the hour."""

api_reports = Table(
    "api_reports",
    metadata,
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Column("key_sha256", String(64), primary_key=True),
    Column("content_sha256", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("answer", String(24)),
)
"""What a person asked for under an Idempotency-Key of theirs: the sums alone. `answer` is the reference of the ticket
that it led to, empty for none, and None until it is done and for what goes through the spool."""


def add_token(
    connection: Connection,
    *,
    person_id: int,
    token_sha256: str,
    scopes: Sequence[str],
    now: datetime,
    expires_at: datetime,
) -> int:
    """Remember a token by its sum, and return its number."""
    statement = insert(api_tokens).values(
        person_id=person_id,
        token_sha256=token_sha256,
        scopes=" ".join(scopes),
        created_at=now,
        expires_at=expires_at,
    )
    token_id: int = connection.execute(statement.returning(api_tokens.c.id)).scalar_one()
    return token_id


def find_live_token(connection: Connection, token_id: int, *, now: datetime) -> Row[Any] | None:
    """The token with this number, a row of `api_tokens`, unless it has expired or was revoked."""
    query = select(api_tokens).where(
        api_tokens.c.id == token_id, api_tokens.c.expires_at > now, api_tokens.c.revoked_at.is_(None)
    )
    return connection.execute(query).one_or_none()


def list_tokens(connection: Connection) -> list[Row[Any]]:
    """Every token with its person's `email`, the oldest first; never the sums."""
    columns = [column for column in api_tokens.c if column.name != "token_sha256"]
    query = select(*columns, people.c.email).join(people, people.c.id == api_tokens.c.person_id)
    return list(connection.execute(query.order_by(api_tokens.c.id)))


def list_tokens_of(connection: Connection, person_id: int, *, now: datetime) -> list[Row[Any]]:
    """The live tokens of a person, rows of `api_tokens` without the sums, the newest first."""
    columns = [column for column in api_tokens.c if column.name != "token_sha256"]
    query = select(*columns).where(
        api_tokens.c.person_id == person_id, api_tokens.c.expires_at > now, api_tokens.c.revoked_at.is_(None)
    )
    return list(connection.execute(query.order_by(api_tokens.c.id.desc())))


def newest_token(connection: Connection, person_id: int) -> int:
    """The number of the newest token that a person ever had and that is still on record; 0 for none."""
    query = select(api_tokens.c.id).where(api_tokens.c.person_id == person_id)
    return connection.scalar(query.order_by(api_tokens.c.id.desc()).limit(1)) or 0


def revoke_token(connection: Connection, token_id: int, *, now: datetime) -> int | None:
    """End a token; the id of whom it belonged to, None where there is none, or it was ended before."""
    statement = (
        update(api_tokens)
        .where(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(api_tokens.c.person_id)
    )
    return connection.execute(statement).scalar_one_or_none()


def note_use(connection: Connection, token_id: int, *, now: datetime) -> None:
    """Remember that a token was used now."""
    connection.execute(update(api_tokens).where(api_tokens.c.id == token_id).values(used_at=now))


def remember_report(
    connection: Connection, *, person_id: int, key_sha256: str, content_sha256: str, now: datetime
) -> bool:
    """Keep what a person reports under this key. False where they reported something else under it before."""
    insert_ignoring_duplicates(
        connection,
        api_reports,
        person_id=person_id,
        key_sha256=key_sha256,
        content_sha256=content_sha256,
        created_at=now,
    )
    kept = select(api_reports.c.content_sha256).where(
        api_reports.c.person_id == person_id, api_reports.c.key_sha256 == key_sha256
    )
    return bool(connection.execute(kept).scalar_one() == content_sha256)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An Idempotency-Key that somebody uses. `is_ours` where what it is for is to be done now, `is_same` where it was
    used for the same before; `answer` is what that led to, None while it is being done."""

    is_ours: bool
    is_same: bool
    answer: str | None


def claim_key(
    connection: Connection,
    *,
    person_id: int,
    key_sha256: str,
    content_sha256: str,
    now: datetime,
    dead_before: datetime,
) -> Claim:
    """Take a key for what is about to be done. What was begun before `dead_before` and has no answer died over it."""
    values = {"content_sha256": content_sha256, "created_at": now}
    if insert_ignoring_duplicates(connection, api_reports, person_id=person_id, key_sha256=key_sha256, **values):
        return Claim(is_ours=True, is_same=True, answer=None)
    mine = (api_reports.c.person_id == person_id) & (api_reports.c.key_sha256 == key_sha256)
    row = connection.execute(select(api_reports).where(mine).with_for_update()).one()
    if row.content_sha256 != content_sha256:
        return Claim(is_ours=False, is_same=False, answer=None)
    is_dead = row.answer is None and row.created_at < dead_before
    if is_dead:
        again = _claimed(person_id, key_sha256).where(api_reports.c.created_at == row.created_at)
        is_dead = connection.execute(again.values(created_at=now)).rowcount == 1
    return Claim(is_ours=is_dead, is_same=True, answer=row.answer)


def answer_key(connection: Connection, *, person_id: int, key_sha256: str, answer: str) -> None:
    """What was claimed is done."""
    connection.execute(_claimed(person_id, key_sha256).values(answer=answer))


def release_key(connection: Connection, *, person_id: int, key_sha256: str) -> None:
    """What was claimed was refused: the key may be used again."""
    mine = (api_reports.c.person_id == person_id) & (api_reports.c.key_sha256 == key_sha256)
    connection.execute(delete(api_reports).where(mine, api_reports.c.answer.is_(None)))


def _claimed(person_id: int, key_sha256: str) -> Update:
    mine = (api_reports.c.person_id == person_id) & (api_reports.c.key_sha256 == key_sha256)
    return update(api_reports).where(mine, api_reports.c.answer.is_(None))
