"""Who is on a ticket beside its reporter: those who were copied, and those whom an agent added."""

from sqlalchemy import Boolean, Column, ForeignKey, Table

from gateway.db.types import UtcDateTime, metadata

participants = Table(
    "participants",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True, index=True),
    Column("added_at", UtcDateTime, nullable=False),
    Column("muted", Boolean, nullable=False),
)
