"""Which run of a machine it is that speaks: two machines with one name are noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    op.add_column("machines", sa.Column("instance", sa.String(length=40), nullable=True))
