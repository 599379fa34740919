"""Sign-in links and sessions. Neither table holds anything that lets its reader in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, insert, select, update

from gateway.db.types import UtcDateTime, metadata

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in browser."""

    id: int
    person_id: int


def add_link(connection: Connection, *, person_id: int, now: datetime, expires_at: datetime) -> int:
    """A new sign-in link; its id goes, signed, into the URL."""
    statement = insert(sign_in_links).values(person_id=person_id, created_at=now, expires_at=expires_at)
    link_id: int = connection.execute(statement.returning(sign_in_links.c.id)).scalar_one()
    return link_id


def use_link(connection: Connection, link_id: int, *, now: datetime) -> int | None:
    """Use a link up and return whose it is; None when it is used, expired or unknown. One of two racers wins."""
    statement = (
        update(sign_in_links)
        .where(sign_in_links.c.id == link_id, sign_in_links.c.used_at.is_(None), sign_in_links.c.expires_at > now)
        .values(used_at=now)
        .returning(sign_in_links.c.person_id)
    )
    return connection.execute(statement).scalar_one_or_none()


def add_session(
    connection: Connection, *, person_id: int, token_sha256: str, now: datetime, expires_at: datetime
) -> None:
    """Remember a signed-in browser by the sum of its token."""
    connection.execute(
        insert(sessions).values(person_id=person_id, token_sha256=token_sha256, created_at=now, expires_at=expires_at)
    )


def find_session(connection: Connection, *, token_sha256: str, now: datetime) -> Session | None:
    """The live session with this token."""
    query = select(sessions).where(
        sessions.c.token_sha256 == token_sha256, sessions.c.expires_at > now, sessions.c.revoked_at.is_(None)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Session(id=row.id, person_id=row.person_id)


def find_lapsed_session(connection: Connection, *, token_sha256: str, now: datetime, since: datetime) -> Session | None:
    """The session with this token that ran out after `since`, and was not ended by anybody."""
    query = select(sessions).where(
        sessions.c.token_sha256 == token_sha256,
        sessions.c.expires_at > since,
        sessions.c.expires_at <= now,
        sessions.c.revoked_at.is_(None),
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Session(id=row.id, person_id=row.person_id)


def revoke_session(connection: Connection, session_id: int, *, now: datetime) -> None:
    """End a session."""
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(revoked_at=now))


def revoke_sessions_of(connection: Connection, person_id: int, *, now: datetime) -> None:
    """End every session of a person."""
    connection.execute(
        update(sessions)
        .where(sessions.c.person_id == person_id, sessions.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
