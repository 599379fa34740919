"""Receipts: the proof that a message was taken, what became of it and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    Text,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from gateway.db.together import Question, ask, later
from gateway.db.together import Row as Found
from gateway.db.types import Json, UtcDateTime, metadata


class Verdict(StrEnum):
    """The named place where a message ended."""

    FILED = "filed"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    HELD = "held"
    DISCARDED = "discarded"


receipts = Table(
    "receipts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("spool_id", String(24), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("project", String(10), nullable=False),
    # NULL for a duplicate: two rows with one fingerprint are what the unique key forbids.
    Column("fingerprint", String(64)),
    Column("message_id", Text, index=True),
    Column("sha256", String(64), nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE")),
    Column("entry_id", ForeignKey("entries.id", ondelete="CASCADE")),
    Column("trace", Json, nullable=False),
    Column("envelope", Json, nullable=False),
    Column("accepted_at", UtcDateTime, nullable=False),
    Column("filed_at", UtcDateTime, nullable=False),
    Index("uq_receipts_spool_id_project", "spool_id", "project", unique=True),
    Index("uq_receipts_fingerprint_project", "fingerprint", "project", unique=True),
    Index("ix_receipts_verdict", "verdict"),
)


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of one message in one project. `trace` is the list of rules tried, with evidence."""

    spool_id: str
    lane: str
    project: str
    fingerprint: str | None
    message_id: str | None
    sha256: str
    verdict: Verdict
    reason: str
    ticket_id: int | None
    entry_id: int | None
    trace: list[dict[str, Any]]
    envelope: dict[str, Any]
    accepted_at: datetime
    filed_at: datetime


_INSERT = insert(receipts).inline()
_EARLIER = select(receipts).where(
    receipts.c.project == bindparam("project"),
    or_(
        receipts.c.spool_id == bindparam("spool_id"),
        receipts.c.fingerprint == bindparam("mark"),
        receipts.c.fingerprint == bindparam("other_mark"),
    ),
)

_SEEN = (
    select(receipts.c.id)
    .where(receipts.c.message_id == bindparam("message_id"), receipts.c.project == bindparam("project"))
    .limit(1)
)


def find_receipt(connection: Connection, *, spool_id: str, project: str) -> Receipt | None:
    """The receipt of this spool entry in this project."""
    query = select(receipts).where(receipts.c.spool_id == spool_id, receipts.c.project == project)
    return _maybe(connection.execute(query).one_or_none())


def find_receipt_by_fingerprint(connection: Connection, *, fingerprint: str, project: str) -> Receipt | None:
    """The receipt of the message with this content in this project."""
    query = select(receipts).where(receipts.c.fingerprint == fingerprint, receipts.c.project == project)
    return _maybe(connection.execute(query).one_or_none())


def find_ticket_of(connection: Connection, fingerprint: str) -> int | None:
    """The id of the ticket that the message with this fingerprint is on, in whatever project."""
    query = select(receipts.c.ticket_id).where(receipts.c.fingerprint == fingerprint)
    return connection.execute(query.limit(1)).scalar_one_or_none()


def earlier_than(spool_id: str, marks: tuple[str, str], project: str) -> Question:
    """What `find_earlier` asks."""
    mark, other = marks
    return Question(_EARLIER, {"project": project, "spool_id": spool_id, "mark": mark, "other_mark": other})


def find_earlier(connection: Connection, *, spool_id: str, marks: tuple[str, str], project: str) -> list[Receipt]:
    """What is on record of this spool entry, and of mails with one of these fingerprints, in this project."""
    return [_receipt(row) for row in ask(connection, earlier_than(spool_id, marks, project))]


def find_receipts(connection: Connection, ident: str) -> list[Receipt]:
    """Every receipt of a spool id or a Message-ID, oldest first."""
    query = (
        select(receipts)
        .where(or_(receipts.c.spool_id == ident, receipts.c.message_id == ident.strip("<> ")))
        .order_by(receipts.c.id)
    )
    return [_receipt(row._mapping) for row in connection.execute(query)]


def seen(message_id: str, project: str) -> Question:
    """What `is_seen` asks."""
    return Question(_SEEN, {"message_id": message_id, "project": project})


def is_seen(connection: Connection, message_id: str, *, project: str) -> bool:
    """Has a mail with this Message-ID come to this project? However many have, one is looked at."""
    return bool(ask(connection, seen(message_id, project)))


def list_receipts(
    connection: Connection,
    verdict: Verdict,
    *,
    projects: Collection[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Receipt]:
    """Receipts that ended with this verdict, oldest first: of these projects, None for all; all of them where there is
    no `limit`."""
    query = select(receipts).where(receipts.c.verdict == verdict).order_by(receipts.c.id).limit(limit).offset(offset)
    if projects is not None:
        query = query.where(receipts.c.project.in_(projects))
    return [_receipt(row._mapping) for row in connection.execute(query)]


def add_receipt(connection: Connection, receipt: Receipt) -> None:
    """Write a receipt, at the end of the transaction at the latest.

    Raises IntegrityError, then, where somebody else has just taken the same message.
    """
    values = {name: getattr(receipt, name) for name in Receipt.__dataclass_fields__}
    later(connection, Question(_INSERT, values))


def settle_receipt(
    connection: Connection,
    receipt: Receipt,
    *,
    verdict: Verdict,
    reason: str,
    ticket_id: int | None,
    entry_id: int | None,
) -> bool:
    """Give a held message its end. False when somebody else was faster."""
    statement = (
        update(receipts)
        .where(
            receipts.c.spool_id == receipt.spool_id,
            receipts.c.project == receipt.project,
            receipts.c.verdict == Verdict.HELD,
        )
        .values(verdict=verdict, reason=reason, ticket_id=ticket_id, entry_id=entry_id)
    )
    return connection.execute(statement).rowcount == 1


def _maybe(row: Row[Any] | None) -> Receipt | None:
    return None if row is None else _receipt(row._mapping)


def _receipt(row: Found) -> Receipt:
    values = {name: row[name] for name in Receipt.__dataclass_fields__}
    return Receipt(**{**values, "verdict": Verdict(values["verdict"])})
