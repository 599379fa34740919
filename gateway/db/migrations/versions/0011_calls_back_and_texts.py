"""How far a call back was warned of, and text messages to callers."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    with op.batch_alter_table("callback_requests") as table:
        table.add_column(sa.Column("warned_percent", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "call_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_texts_call_id_calls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_texts")),
        sa.UniqueConstraint("call_id", name=op.f("uq_call_texts_call_id")),
        sa.UniqueConstraint("key", name=op.f("uq_call_texts_key")),
    )
    op.create_index(op.f("ix_call_texts_wanted_at"), "call_texts", ["wanted_at"])
