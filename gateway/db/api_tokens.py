"""Tokens for the API, and what was reported with them. Neither table holds anything that lets its reader in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Integer, Row, String, Table, insert, select, update

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
)
"""What a person reported under an Idempotency-Key of theirs: the sums alone."""


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
