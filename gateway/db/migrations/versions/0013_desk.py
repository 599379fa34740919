"""When each ticket is due next, for the queue; and who looks at which ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_WORKED_ON = sa.text("status IN ('new', 'open', 'pending')")


def upgrade() -> None:
    """Bring the schema here from the revision before; the tick fills in what is due when."""
    never = "9999-01-01 00:00:00.000000"  # what a new row has as long as nothing is promised
    op.add_column("tickets", sa.Column("due_at", sa.DateTime(timezone=True), server_default=never, nullable=False))
    op.create_index(
        "ix_tickets_queue",
        "tickets",
        ["due_at", "created_at", "id"],
        sqlite_where=_WORKED_ON,
        postgresql_where=_WORKED_ON,
    )
    op.create_table(
        "ticket_presences",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_ticket_presences_person_id_people"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_presences_ticket_id_tickets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", "person_id", name=op.f("pk_ticket_presences")),
    )
    op.create_index(op.f("ix_ticket_presences_person_id"), "ticket_presences", ["person_id"])
    op.execute(
        "INSERT INTO stale_clocks (ticket_id) SELECT id FROM tickets WHERE severity IS NOT NULL"
        " AND status IN ('new', 'open', 'pending') AND id NOT IN (SELECT ticket_id FROM stale_clocks)"
    )
