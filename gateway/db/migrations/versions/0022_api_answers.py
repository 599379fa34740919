"""What came of what a program asked for under an Idempotency-Key."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    op.add_column("api_reports", sa.Column("answer", sa.String(length=24), nullable=True))
