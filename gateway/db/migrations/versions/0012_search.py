"""The words of tickets, entries and people, kept by the database itself."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_INDEXED = {"tickets": ("ref", "subject"), "entries": ("author", "text"), "people": ("name", "email")}
_MOST = (
    50_000  # characters of a column whose words are kept; PostgreSQL refuses a row with more than a megabyte of them
)


def upgrade() -> None:
    """Bring the schema here from the revision before; what is there is indexed."""
    if op.get_bind().dialect.name == "postgresql":
        _index_in_postgresql()
    else:
        _index_in_sqlite()


def _index_in_sqlite() -> None:
    for table, columns in _INDEXED.items():
        index, names = f"words_of_{table}", ", ".join(columns)
        new = ", ".join(f"substr(new.{column}, 1, {_MOST})" for column in columns)
        old = ", ".join(f"substr(old.{column}, 1, {_MOST})" for column in columns)
        add = f"INSERT INTO {index}(rowid, {names}) VALUES (new.id, {new});"  # noqa: S608  # names of ours
        take = f"INSERT INTO {index}({index}, rowid, {names}) VALUES ('delete', old.id, {old});"  # noqa: S608  # names of ours
        op.execute(
            f"CREATE VIRTUAL TABLE {index} USING fts5({names}, content='', columnsize=0,"
            " tokenize='unicode61 remove_diacritics 2')"
        )
        op.execute(f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {add} END")
        op.execute(f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {take} END")
        op.execute(f"CREATE TRIGGER {index}_update AFTER UPDATE OF {names} ON {table} BEGIN {take} {add} END")
        kept = ", ".join(f"substr({column}, 1, {_MOST})" for column in columns)
        op.execute(f"INSERT INTO {index}(rowid, {names}) SELECT id, {kept} FROM {table}")  # noqa: S608  # names of ours


def _index_in_postgresql() -> None:
    # Accents come off and signs part words; the list is short, for `translate` goes through it once a character.
    folded = r"regexp_replace(regexp_replace(plain, '[\u0300-\u036f]+', '', 'g'), '[!-/:-@\[-`{-~]+', ' ', 'g')"
    whole = f"string_agg(left(part, {_MOST}), ' ')"
    op.execute(
        sa.text(
            f"""
            CREATE FUNCTION words_of(VARIADIC texts text[]) RETURNS tsvector
            LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
                SELECT to_tsvector('pg_catalog.simple'::regconfig, {folded})
                    || to_tsvector('pg_catalog.french'::regconfig, {folded})
                FROM (SELECT lower(translate(normalize({whole}, NFKD), 'ŒÆ’', 'œæ ')) AS plain
                    FROM unnest(texts) AS part) AS whole
            $$
            """.replace(":", "\\:")  # noqa: S608  # names and numbers of ours
        )
    )
    for table, columns in _INDEXED.items():
        op.execute(f"CREATE INDEX words_of_{table} ON {table} USING gin (words_of({', '.join(columns)}))")
