"""The numbers of tickets: each project counts its own."""

from sqlalchemy import Column, Connection, Integer, String, Table
from sqlalchemy.dialects import postgresql, sqlite

from gateway.db.types import metadata

project_counters = Table(
    "project_counters",
    metadata,
    Column("project", String(10), primary_key=True),
    Column("last_number", Integer, nullable=False),
)


def next_number(connection: Connection, project: str) -> int:
    """The project's next number, from 1; its row is locked until the transaction ends."""
    maker = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    counted = (
        maker(project_counters)
        .values(project=project, last_number=1)
        .on_conflict_do_update(index_elements=["project"], set_={"last_number": project_counters.c.last_number + 1})
        .returning(project_counters.c.last_number)
    )
    return int(connection.execute(counted).scalar_one())
