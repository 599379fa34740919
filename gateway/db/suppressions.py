"""Addresses that mail came back from, and until when nothing is sent to them (`gateway.domain.suppression`)."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, Row, String, Table, Text, delete, select, update

from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates
from gateway.domain.suppression import Suppression, after_bounce
from gateway.mail.bounce import Outcome

_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address", String(254), primary_key=True),
    Column("permanent", Boolean, nullable=False),
    Column("bounces", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)


def count_bounce(connection: Connection, address: str, outcome: Outcome, *, now: datetime) -> Suppression:
    """Count a mail that came back from this (normalised) address; returns what is remembered of it from now on.

    Each call counts, so the caller sees to it that a bounce is counted once.
    """
    # A row that counts nothing, so that there is one to lock, whoever else counts at this moment.
    insert_ignoring_duplicates(
        connection,
        suppressions,
        address=address,
        permanent=False,
        bounces=0,
        status="",
        reason="",
        since=now,
        until=now,
    )
    this_address = suppressions.c.address == address
    earlier = _suppression(connection.execute(select(suppressions).where(this_address).with_for_update()).one())
    after = after_bounce(earlier if earlier.bounces else None, outcome, address=address, now=now)
    values = {name: getattr(after, name) for name in Suppression.__dataclass_fields__}
    connection.execute(update(suppressions).where(this_address).values(**values))
    return after


def never_write_to(connection: Connection, address: str, *, reason: str, now: datetime) -> None:
    """Send nothing to this (normalised) address, which is nobody's. Saying it twice is saying it once."""
    insert_ignoring_duplicates(
        connection,
        suppressions,
        address=address,
        permanent=True,
        bounces=1,
        status="",
        reason=reason,
        since=now,
        until=_FOR_EVER,
    )


def find_suppression(connection: Connection, address: str, *, now: datetime) -> Suppression | None:
    """The suppression of this (normalised) address; None while mail may be sent to it."""
    query = select(suppressions).where(suppressions.c.address == address, suppressions.c.until > now)
    row = connection.execute(query).one_or_none()
    return None if row is None else _suppression(row)


def list_suppressions(connection: Connection, *, now: datetime) -> list[Suppression]:
    """Every address that no mail is sent to now, by its name."""
    query = select(suppressions).where(suppressions.c.until > now).order_by(suppressions.c.address)
    return [_suppression(row) for row in connection.execute(query)]


def lift(connection: Connection, address: str) -> bool:
    """Forget that mail came back from this (normalised) address. False where nothing was remembered.

    For an operator, and for whoever files mail that was proved to come from the address: it is alive.
    """
    return connection.execute(delete(suppressions).where(suppressions.c.address == address)).rowcount == 1


def _suppression(row: Row[Any]) -> Suppression:
    return Suppression(**{name: row._mapping[name] for name in Suppression.__dataclass_fields__})
