"""On PostgreSQL the words of the search are worked out a moment after their row is written, and kept in tables."""

from alembic import op

revision = "0023"
down_revision = "0022"

# Nobody reads or writes the tables until this is committed, and a text takes a millisecond: what is older than these
# rows is found some minutes later, when `gateway.services.index_texts` has come to it.
_AT_ONCE = 10_000
_INDEXED = {"tickets": ("ref", "subject"), "entries": ("author", "text"), "people": ("name", "email")}


def upgrade() -> None:
    """Bring the schema here from the revision before; the newest of what was indexed stays indexed."""
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _INDEXED.items():
            _keep_words(table, columns)


def _keep_words(table: str, columns: tuple[str, ...]) -> None:
    words, names = f"words_of_{table}", ", ".join(columns)
    op.execute(f"DROP INDEX {words}")
    op.execute(f"CREATE TABLE {words} (id integer PRIMARY KEY, words tsvector)")
    older = f"SELECT id FROM {table} ORDER BY id DESC OFFSET {_AT_ONCE} LIMIT 1"  # noqa: S608  # names of ours
    known = f"CASE WHEN id > coalesce(({older}), 0) THEN words_of({names}) END"
    op.execute(f"INSERT INTO {words} SELECT id, {known} FROM {table}")  # noqa: S608  # names of ours
    op.execute(f"CREATE INDEX {words}_known ON {words} USING gin (words) WHERE words IS NOT NULL")
    op.execute(f"CREATE INDEX {words}_unknown ON {words} (id) WHERE words IS NULL")
    op.execute(
        f"""
        CREATE FUNCTION {words}_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                INSERT INTO {words} (id) VALUES (new.id);
            ELSIF TG_OP = 'UPDATE' THEN
                UPDATE {words} SET words = NULL WHERE id = new.id AND words IS NOT NULL;
            ELSE
                DELETE FROM {words} WHERE id = old.id;
            END IF;
            RETURN NULL;
        END $$
        """  # noqa: S608  # names of ours
    )
    op.execute(
        f"CREATE TRIGGER {words}_change AFTER INSERT OR DELETE OR UPDATE OF {names} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {words}_change()"
    )
