"""Tickets that have to do with each other, and people who were taken off a ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    op.create_table(
        "ticket_links",
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_ticket_links_author_id_people")),
        sa.ForeignKeyConstraint(
            ["first_id"], ["tickets.id"], name=op.f("fk_ticket_links_first_id_tickets"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["tickets.id"], name=op.f("fk_ticket_links_second_id_tickets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_ticket_links")),
    )
    op.create_index(op.f("ix_ticket_links_second_id"), "ticket_links", ["second_id"])
    op.add_column("participants", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_tickets_merged_into_id"), "tickets", ["merged_into_id"])
