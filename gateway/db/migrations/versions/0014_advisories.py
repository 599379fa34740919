"""Advisories and the ticket of each project that one concerns."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    op.create_table(
        "advisories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("touches", sa.Text(), nullable=False),
        sa.Column("danger", sa.String(length=12), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_advisories_author_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advisories")),
        sa.UniqueConstraint("reference", name=op.f("uq_advisories_reference")),
    )
    op.create_table(
        "advisory_tickets",
        sa.Column("advisory_id", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=10), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["advisory_id"],
            ["advisories.id"],
            name=op.f("fk_advisory_tickets_advisory_id_advisories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_advisory_tickets_ticket_id_tickets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("advisory_id", "project", name=op.f("pk_advisory_tickets")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_advisory_tickets_ticket_id")),
    )
