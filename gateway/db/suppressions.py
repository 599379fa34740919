"""Addresses that mail is not sent to for a while, because it came back from them."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from gateway.db.types import UtcDateTime, metadata

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
