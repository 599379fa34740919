"""The proof that people were erased: when, under which pseudonym, how much in which store. Never who."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, Row, String, Table, insert, select

from gateway.db.types import Json, UtcDateTime, metadata

erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("pseudonym", String(64), nullable=False),
    Column("counts", Json, nullable=False),
)


def add_erasure(connection: Connection, *, at: datetime, pseudonym: str, counts: Mapping[str, int]) -> int:
    """Keep the proof of an erasure; its number."""
    statement = insert(erasures).values(at=at, pseudonym=pseudonym, counts=dict(counts)).returning(erasures.c.id)
    return int(connection.execute(statement).scalar_one())


def list_erasures(connection: Connection) -> list[Row[Any]]:
    """Every proof, oldest first, as rows of `erasures`."""
    return list(connection.execute(select(erasures).order_by(erasures.c.id)))
