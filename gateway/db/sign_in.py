"""Sign-in links and sessions. Neither table holds anything that lets its reader in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, ForeignKey, Integer, String, Table, insert, select, update

from gateway.db.people import people
from gateway.db.types import UtcDateTime, metadata
from gateway.domain.sign_in import Way

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Column("way", String(10), nullable=False, server_default=Way.LINK.value),
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
    Column("way", String(10), nullable=False, server_default=Way.LINK.value),
    Column("device", String(60), nullable=False, server_default=""),
    Column("last_seen_at", UtcDateTime),
)
"""`device` is the kind of it (`domain.device`); `last_seen_at` is right to ten minutes, None before the first."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in browser. Its sum is left out."""

    id: int
    person_id: int
    created_at: datetime
    expires_at: datetime
    way: Way
    device: str
    last_seen_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class UsedLink:
    """Whose link was used up, and by which way it came to them."""

    person_id: int
    way: Way


@dataclass(frozen=True, kw_only=True)
class KeptLink:
    """Whose link it is, and whether it was used."""

    person_id: int
    way: Way
    is_used: bool


_COLUMNS = [column for column in sessions.c if column.name not in {"token_sha256", "revoked_at"}]


def add_link(
    connection: Connection, *, person_id: int, now: datetime, expires_at: datetime, way: Way = Way.LINK
) -> int:
    """A new sign-in link; its id goes, signed, into the URL."""
    statement = insert(sign_in_links).values(person_id=person_id, created_at=now, expires_at=expires_at, way=way.value)
    link_id: int = connection.execute(statement.returning(sign_in_links.c.id)).scalar_one()
    return link_id


def use_link(connection: Connection, link_id: int, *, now: datetime) -> UsedLink | None:
    """Use a link up and return whose it is; None when it is used, expired or unknown. One of two racers wins."""
    statement = (
        update(sign_in_links)
        .where(sign_in_links.c.id == link_id, sign_in_links.c.used_at.is_(None), sign_in_links.c.expires_at > now)
        .values(used_at=now)
        .returning(sign_in_links.c.person_id, sign_in_links.c.way)
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else UsedLink(person_id=row.person_id, way=Way(row.way))


def find_link(connection: Connection, link_id: int) -> KeptLink | None:
    """The link with this id, whatever became of it."""
    query = select(sign_in_links.c.person_id, sign_in_links.c.way, sign_in_links.c.used_at)
    row = connection.execute(query.where(sign_in_links.c.id == link_id)).one_or_none()
    return None if row is None else KeptLink(person_id=row.person_id, way=Way(row.way), is_used=row.used_at is not None)


def add_session(
    connection: Connection,
    *,
    person_id: int,
    token_sha256: str,
    now: datetime,
    expires_at: datetime,
    way: Way = Way.LINK,
    device: str = "",
) -> None:
    """Remember a signed-in browser by the sum of its token."""
    connection.execute(
        insert(sessions).values(
            person_id=person_id,
            token_sha256=token_sha256,
            created_at=now,
            expires_at=expires_at,
            way=way.value,
            device=device,
            last_seen_at=now,
        )
    )


def find_session(connection: Connection, *, token_sha256: str, now: datetime) -> Session | None:
    """The live session with this token."""
    query = select(*_COLUMNS).where(sessions.c.token_sha256 == token_sha256, _lives(now))
    row = connection.execute(query).one_or_none()
    return None if row is None else _session(row)


def find_lapsed_session(connection: Connection, *, token_sha256: str, now: datetime, since: datetime) -> Session | None:
    """The session with this token that ran out after `since`, and was not ended by anybody."""
    query = select(*_COLUMNS).where(
        sessions.c.token_sha256 == token_sha256,
        sessions.c.expires_at > since,
        sessions.c.expires_at <= now,
        sessions.c.revoked_at.is_(None),
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _session(row)


def list_live_sessions(
    connection: Connection, *, now: datetime, person_id: int | None = None
) -> list[tuple[str, Session]]:
    """The live sessions with their person's address, those seen last first; of one person, or of everybody."""
    query = select(*_COLUMNS, people.c.email).join(people, people.c.id == sessions.c.person_id).where(_lives(now))
    if person_id is not None:
        query = query.where(sessions.c.person_id == person_id)
    order = (sessions.c.last_seen_at.desc().nulls_last(), sessions.c.id.desc())
    return [(row.email, _session(row)) for row in connection.execute(query.order_by(*order))]


def note_seen(connection: Connection, session_id: int, *, now: datetime) -> None:
    """Remember that a session was used now."""
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(last_seen_at=now))


def revoke_session(connection: Connection, session_id: int, *, now: datetime, person_id: int | None = None) -> int:
    """End a session, of this person's where one is given, and return whose it was; 0 where there is none that lives."""
    statement = update(sessions).where(sessions.c.id == session_id, _lives(now)).values(revoked_at=now)
    if person_id is not None:
        statement = statement.where(sessions.c.person_id == person_id)
    return connection.execute(statement.returning(sessions.c.person_id)).scalar_one_or_none() or 0


def revoke_sessions_of(connection: Connection, person_id: int, *, now: datetime, but: Collection[int] = ()) -> int:
    """End every session of a person, except these; how many lived."""
    statement = (
        update(sessions)
        .where(sessions.c.person_id == person_id, sessions.c.id.not_in(but), _lives(now))
        .values(revoked_at=now)
    )
    return len(connection.execute(statement.returning(sessions.c.id)).all())


def _lives(now: datetime) -> ColumnElement[bool]:
    return (sessions.c.expires_at > now) & sessions.c.revoked_at.is_(None)


def _session(row: object) -> Session:
    values = row._mapping  # type: ignore[attr-defined]  # Row has no common type over queries
    return Session(
        id=values["id"],
        person_id=values["person_id"],
        created_at=values["created_at"],
        expires_at=values["expires_at"],
        way=Way(values["way"]),
        device=values["device"],
        last_seen_at=values["last_seen_at"],
    )
