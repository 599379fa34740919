"""Alembic's environment: run by `gateway.db.migrate`, never from the shell.

Foreign keys are off while a batch migration rebuilds a SQLite table: with them on, `ON DELETE CASCADE` empties
the child tables. They are checked as a whole afterwards.
"""

from alembic import context
from sqlalchemy import Connection

from gateway.db.schema import metadata

connection: Connection = context.config.attributes["connection"]
sqlite = connection.dialect.name == "sqlite"

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    # One transaction around all steps: a failing migration leaves the database as it was.
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
