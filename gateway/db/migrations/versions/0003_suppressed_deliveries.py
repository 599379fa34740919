"""Room for the state of a mail that was not sent because its address is suppressed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.alter_column(
            "state", existing_type=sa.String(length=8), type_=sa.String(length=12), existing_nullable=False
        )
