"""PostgreSQL databases that tests lend and give back, emptied: making one takes ten times as long."""

import psycopg
from sqlalchemy import make_url

from tests.support.servers import PostgresServer

# What a test may change beside rows: then its database is not given to another.
_SHAPE = """
SELECT md5(string_agg(one, ',' ORDER BY one)) FROM (
    SELECT relkind::text || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'p' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 't' || tgrelid || tgname || tgenabled::text FROM pg_trigger
    UNION ALL SELECT 'c' || attrelid || attname || atttypid || attnotnull FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT 'v' || version_num FROM alembic_version
) AS shape (one)
"""
# Foreign keys and triggers rest meanwhile: the order is no matter, and all goes. Sequences begin anew.
_EMPTY = """
DO $$
DECLARE
    name text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', name);
    END LOOP;
END $$
"""
_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class SpareDatabases:
    """Copies of the database `template` on a server, each lent to one test at a time."""

    def __init__(self, server: PostgresServer, *, template: str) -> None:
        self._server = server
        self._template = template
        self._spare: list[str] = []
        self._shape = _shape(template)

    def lend(self) -> str:
        """The URL of a database as the template is."""
        return self._spare.pop() if self._spare else self._server.new_database(like=self._template)

    def take_back(self, url: str) -> None:
        """Empty it for the next one; let it be where the test has changed more than rows."""
        if _shape(url) == self._shape:
            with _connected(url) as connection:
                connection.execute(_OTHERS.encode())
                connection.execute(_EMPTY.encode())
            self._spare.append(url)


def _connected(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    where = make_url(url)
    return psycopg.connect(f"host={where.query['host']} user=postgres dbname={where.database}", autocommit=True)


def _shape(url: str) -> object:
    with _connected(url) as connection:
        row = connection.execute(_SHAPE.encode()).fetchone()
    assert row is not None
    return row[0]
