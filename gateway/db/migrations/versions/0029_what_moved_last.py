"""Indices for what moved last among the tickets that somebody sees: the search reads that first."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    op.create_index("ix_tickets_updated_at_id", "tickets", ["updated_at", "id"])
    _create_index(
        "ix_tickets_reporter_id_merged", "tickets", ["reporter_id", "merged_into_id"], "merged_into_id IS NOT NULL"
    )
    _create_index("ix_ticket_events_levels", "ticket_events", ["value", "ticket_id"], "type = 'level'")


def _create_index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
