"""Failed tries to sign in, counted for each address and each place on the network: sums of both, for a day."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, delete, select, update

from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column("key_sha256", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
)


@dataclass(frozen=True, kw_only=True)
class Tries:
    """How often it failed under a key, and when last."""

    failures: int
    last_at: datetime


def lock_tries(connection: Connection, key_sha256: str, *, now: datetime) -> Tries:
    """What failed under this key; until the end of the transaction nobody else counts there."""
    insert_ignoring_duplicates(connection, sign_in_tries, key_sha256=key_sha256, failures=0, last_at=now)
    query = select(sign_in_tries).where(sign_in_tries.c.key_sha256 == key_sha256).with_for_update()
    row = connection.execute(query).one()
    return Tries(failures=row.failures, last_at=row.last_at)


def set_tries(connection: Connection, key_sha256: str, *, failures: int, now: datetime) -> None:
    """So many have failed by now."""
    statement = update(sign_in_tries).where(sign_in_tries.c.key_sha256 == key_sha256)
    connection.execute(statement.values(failures=failures, last_at=now))


def take_back(connection: Connection, key_sha256: str) -> None:
    """What was counted last did not fail."""
    statement = update(sign_in_tries).where(sign_in_tries.c.key_sha256 == key_sha256, sign_in_tries.c.failures > 0)
    connection.execute(statement.values(failures=sign_in_tries.c.failures - 1))


def forget_tries(connection: Connection, key_sha256: str) -> None:
    """Begin anew under this key."""
    connection.execute(delete(sign_in_tries).where(sign_in_tries.c.key_sha256 == key_sha256))
