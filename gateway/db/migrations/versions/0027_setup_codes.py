"""The code that somebody is handed to set their password and app up."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    op.add_column("sign_in_factors", sa.Column("setup_sha256", sa.String(length=64), nullable=True))
    op.add_column("sign_in_factors", sa.Column("setup_until", sa.DateTime(timezone=True), nullable=True))
