"""Whoever sends webhooks is who holds the timetable's lease, and no row of their own says so.

`busy_until` stays: the release before writes it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    endpoints = sa.table("webhook_endpoints", sa.column("name", sa.String))
    op.execute(endpoints.delete().where(endpoints.c.name == ""))
