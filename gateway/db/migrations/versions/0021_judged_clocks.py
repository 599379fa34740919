"""The ledger of guaranteed times, and the triggers that name what is to be judged anew."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_SILENT = "NOT IN ('sent', 'a reply is not acknowledged')"
_ROW = ("ref", "project", "kind", "severity", "status", "level", "created_at")
_ANSWER = "type IN ('answered', 'call_answered') AND \"by\" = 'agent'"
_TO_WORK = "type = 'status' AND value IN ('new', 'open', 'pending')"
_END = "type = 'status' AND value IN ('resolved', 'closed', 'merged')"
_EVENT = ("ticket_id", "at", "type", "by", "author", "value")


def upgrade() -> None:
    """Bring the schema here from the revision before; all incidents are judged by and by."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "stale_judgements",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_stale_judgements")),
    )
    op.create_table(
        "judged_tickets",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("project", sa.String(length=10), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("by_row", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_judged_tickets")),
    )
    op.create_index("ix_judged_tickets_project_measure", "judged_tickets", ["project", "measure"])
    op.create_table(
        "judged_clocks",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("project", sa.String(length=10), nullable=False),
        sa.Column("measure", sa.String(length=64), nullable=False),
        sa.Column("guarantee", sa.String(length=3), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("started_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=True),
        sa.Column("breached_from", moment, nullable=True),
        sa.Column("miss", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", "number", name=op.f("pk_judged_clocks")),
    )
    counted = ["project", "measure", "decided_at", "guarantee", "severity", "verdict", "ticket_id"]
    op.create_index("ix_judged_clocks_report", "judged_clocks", counted)
    op.create_index("ix_tickets_created_at_project", "tickets", ["created_at", "project"])
    op.create_index("ix_tickets_reporter_id_project_updated_at", "tickets", ["reporter_id", "project", "updated_at"])
    op.create_index("ix_receipts_accepted_at_project", "receipts", ["accepted_at", "project"])
    for name, columns, condition in (
        ("ix_ticket_events_answers", ["ticket_id", "at"], sa.text(_ANSWER)),
        ("ix_ticket_events_to_work", ["at", "ticket_id"], sa.text(_TO_WORK)),
        ("ix_ticket_events_ends", ["ticket_id", "at"], sa.text(_END)),
    ):
        op.create_index(name, "ticket_events", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_index(
        "ix_entries_not_acknowledged",
        "entries",
        ["at"],
        sqlite_where=sa.text(f"json_extract(data, '$.acknowledgement') {_SILENT}"),
        postgresql_where=sa.text(f"(data ->> 'acknowledgement') {_SILENT}"),
    )
    op.execute(
        "INSERT INTO stale_judgements (ticket_id, mark) SELECT id, 0 FROM tickets WHERE severity IS NOT NULL"
        " UNION SELECT ticket_id, 0 FROM ticket_events WHERE type = 'severity'"
    )
    if op.get_bind().dialect.name == "postgresql":
        _watch_in_postgresql()
    else:
        _watch_in_sqlite()


def _watch_in_sqlite() -> None:
    def stale(ident: str) -> str:
        return (
            f"INSERT INTO stale_judgements (ticket_id, mark) VALUES ({ident}, abs(random() % 2147483647))"  # noqa: S608  # names of ours
            " ON CONFLICT (ticket_id) DO UPDATE SET mark = excluded.mark;"
        )

    def trigger(name: str, when: str, body: str) -> None:
        op.execute(f"CREATE TRIGGER {name} AFTER {when} BEGIN {body} END")

    # A ticket that was only created has no severity, and nothing is promised for it.
    trigger("judge_told", "INSERT ON ticket_events WHEN new.type <> 'created'", stale("new.ticket_id"))
    trigger("judge_untold", "DELETE ON ticket_events", stale("old.ticket_id"))
    both = stale("old.ticket_id") + stale("new.ticket_id")
    columns = ", ".join(f'"{name}"' for name in _EVENT)
    trigger("judge_retold", f"UPDATE OF {columns} ON ticket_events", both)
    trigger("judge_changed", f"UPDATE OF {', '.join(_ROW)} ON tickets", stale("new.id"))
    by_row = "EXISTS (SELECT 1 FROM judged_tickets WHERE ticket_id = new.id AND by_row)"
    trigger("judge_moved", f"UPDATE OF updated_at ON tickets WHEN {by_row}", stale("new.id"))
    gone = "".join(
        f"DELETE FROM {name} WHERE ticket_id = old.id;"  # noqa: S608  # names of ours
        for name in ("judged_clocks", "judged_tickets")
    )
    trigger("judge_gone", "DELETE ON tickets", gone)


def _watch_in_postgresql() -> None:
    def function(name: str, body: str) -> None:
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$")

    def stale(ident: str) -> str:
        # Not DO NOTHING: the row must be locked until our change is there to be seen, or it is struck off before.
        return (
            f"INSERT INTO stale_judgements (ticket_id, mark) VALUES ({ident}, floor(random() * 2147483647)::integer)"  # noqa: S608  # names of ours
            " ON CONFLICT (ticket_id) DO UPDATE SET mark = excluded.mark;"
        )

    def trigger(name: str, when: str) -> None:
        event, _, condition = when.partition(" WHEN ")
        clause = f" WHEN ({condition})" if condition else ""
        op.execute(f"CREATE TRIGGER {name} AFTER {event} FOR EACH ROW{clause} EXECUTE FUNCTION {name}()")

    function("judge_told", stale("new.ticket_id"))
    trigger("judge_told", "INSERT ON ticket_events WHEN new.type <> 'created'")
    function("judge_untold", stale("old.ticket_id"))
    trigger("judge_untold", "DELETE ON ticket_events")
    function("judge_retold", stale("old.ticket_id") + stale("new.ticket_id"))
    columns = ", ".join(f'"{name}"' for name in _EVENT)
    trigger("judge_retold", f"UPDATE OF {columns} ON ticket_events")
    function("judge_changed", stale("new.id"))
    trigger("judge_changed", f"UPDATE OF {', '.join(_ROW)} ON tickets")
    by_row = "EXISTS (SELECT 1 FROM judged_tickets WHERE ticket_id = new.id AND by_row)"
    function("judge_moved", f"IF {by_row} THEN {stale('new.id')} END IF;")
    trigger("judge_moved", "UPDATE OF updated_at ON tickets")
    gone = "".join(
        f"DELETE FROM {name} WHERE ticket_id = old.id;"  # noqa: S608  # names of ours
        for name in ("judged_clocks", "judged_tickets")
    )
    function("judge_gone", gone)
    trigger("judge_gone", "DELETE ON tickets")
