"""The proof that people were erased: when, under which pseudonym, how much in which store. Never who.

What only another machine can erase is asked of it by a row, which says who in a seal and forgets it with the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
    update,
)

from gateway.db.types import Json, UtcDateTime, metadata

erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("pseudonym", String(64), nullable=False),
    Column("counts", Json, nullable=False),
)

erasure_asks = Table(
    "erasure_asks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("erasure_id", Integer, ForeignKey("erasures.id", ondelete="CASCADE"), nullable=False),
    Column("machine", String(40), nullable=False, index=True),
    Column("sealed", Text),
    Column("done_at", UtcDateTime),
    Column("counts", Json, nullable=False),
    Column("is_forgotten", Boolean, nullable=False),
    Column("is_known_again", Boolean, nullable=False),
    UniqueConstraint("erasure_id", "machine"),
)


@dataclass(frozen=True, kw_only=True)
class ErasureAsk:
    """What one machine was asked for. `sealed` says who and is None once it is done, at `done_at`, with its `counts`.

    `is_forgotten`: the machine was forgotten before. `is_known_again`: by then the database knew the person again.
    """

    id: int
    erasure_id: int
    machine: str
    sealed: str | None
    done_at: datetime | None
    counts: Mapping[str, int]
    is_forgotten: bool
    is_known_again: bool


def add_erasure(connection: Connection, *, at: datetime, pseudonym: str, counts: Mapping[str, int]) -> int:
    """Keep the proof of an erasure; its number."""
    statement = insert(erasures).values(at=at, pseudonym=pseudonym, counts=dict(counts)).returning(erasures.c.id)
    return int(connection.execute(statement).scalar_one())


def list_erasures(connection: Connection) -> list[Row[Any]]:
    """Every proof, oldest first, as rows of `erasures`."""
    return list(connection.execute(select(erasures).order_by(erasures.c.id)))


def ask_to_erase(connection: Connection, erasure_id: int, *, machines: Sequence[str], sealed: str) -> None:
    """Ask these machines for their part."""
    common = {"erasure_id": erasure_id, "sealed": sealed, "counts": {}, "is_forgotten": False, "is_known_again": False}
    if machines:
        connection.execute(insert(erasure_asks), [{**common, "machine": one} for one in machines])


def list_asks(connection: Connection, *, machine: str | None = None) -> list[ErasureAsk]:
    """What was ever asked, in order; with a machine, what it has yet to do."""
    query = select(erasure_asks).order_by(erasure_asks.c.id)
    if machine is not None:
        query = query.where(erasure_asks.c.machine == machine, erasure_asks.c.done_at.is_(None))
    return [ErasureAsk(**row._mapping) for row in connection.execute(query)]


def end_ask(
    connection: Connection, ask_id: int, *, at: datetime, counts: Mapping[str, int], is_known_again: bool
) -> None:
    """It is done: what is left of it says how much, and not who."""
    values = {"sealed": None, "done_at": at, "counts": dict(counts), "is_known_again": is_known_again}
    connection.execute(update(erasure_asks).where(erasure_asks.c.id == ask_id).values(**values))


def forget_asks(connection: Connection, machine: str, *, at: datetime) -> None:
    """The machine is gone for good, and will not do it."""
    theirs = (erasure_asks.c.machine == machine) & erasure_asks.c.done_at.is_(None)
    connection.execute(update(erasure_asks).where(theirs).values(sealed=None, done_at=at, is_forgotten=True))
