"""Passwords, codes and recovery codes of staff; failed tries; how and on what each session began."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    moment = sa.DateTime(timezone=True)
    op.add_column("sign_in_links", sa.Column("way", sa.String(length=10), server_default="link", nullable=False))
    op.add_column("sessions", sa.Column("way", sa.String(length=10), server_default="link", nullable=False))
    op.add_column("sessions", sa.Column("device", sa.String(length=60), server_default="", nullable=False))
    op.add_column("sessions", sa.Column("last_seen_at", moment, nullable=True))
    op.create_table(
        "sign_in_factors",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("secret_sealed", sa.Text(), nullable=True),
        sa.Column("pending_sealed", sa.Text(), nullable=True),
        sa.Column("used_step", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sign_in_factors_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_sign_in_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "code_sha256", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("key_sha256", name=op.f("pk_sign_in_tries")),
    )
    op.create_index(op.f("ix_sign_in_tries_last_at"), "sign_in_tries", ["last_at"])
