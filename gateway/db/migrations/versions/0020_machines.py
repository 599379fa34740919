"""Several machines: who does what must be done once, how each is, what each has set aside, and orders for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    json = sa.JSON().with_variant(JSONB(), "postgresql")
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("taken_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "machines",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("host", sa.String(length=250), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("roles", json, nullable=False),
        sa.Column("keys", json, nullable=False),
        sa.Column("lanes", json, nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_machines")),
    )
    op.create_table(
        "set_aside",
        sa.Column("spool_id", sa.String(length=40), nullable=False),
        sa.Column("machine", sa.String(length=40), nullable=False),
        sa.Column("lane", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("projects", json, nullable=False),
        sa.PrimaryKeyConstraint("spool_id", name=op.f("pk_set_aside")),
    )
    op.create_index(op.f("ix_set_aside_machine"), "set_aside", ["machine"])
    op.create_table(
        "machine_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine", sa.String(length=40), nullable=False),
        sa.Column("spool_id", sa.String(length=40), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_orders")),
        sa.UniqueConstraint("spool_id", name=op.f("uq_machine_orders_spool_id")),
    )
    op.create_index(op.f("ix_machine_orders_machine"), "machine_orders", ["machine"])
