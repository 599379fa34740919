"""What people wish to be told of, what agents are told of, and what tickets that wait or are resolved come to."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Bring the schema here from the revision before."""
    op.add_column("people", sa.Column("notices", sa.String(length=9), server_default="immediate", nullable=False))
    op.add_column("entries", sa.Column("to_tell", sa.Boolean(), nullable=True))
    op.create_index(
        "ix_entries_to_tell",
        "entries",
        ["id"],
        sqlite_where=sa.text("to_tell"),
        postgresql_where=sa.text("to_tell"),
    )
    op.create_table(
        "agent_news",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("happening", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_agent_news_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_agent_news_ticket_id_tickets"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_agent_news_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_news")),
    )
    op.create_index("ix_agent_news_person_id_entry_id", "agent_news", ["person_id", "entry_id"], unique=True)
    op.create_index(op.f("ix_agent_news_ticket_id"), "agent_news", ["ticket_id"])
    op.create_index(op.f("ix_agent_news_entry_id"), "agent_news", ["entry_id"])
    op.create_index("ix_agent_news_told_at_person_id", "agent_news", ["told_at", "person_id"])
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_follow_ups_ticket_id_tickets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
    )
    op.create_index("ix_follow_ups_key", "follow_ups", ["ticket_id", "since", "step", "number"], unique=True)
    op.create_index("ix_follow_ups_done_at_at", "follow_ups", ["done_at", "at"])
