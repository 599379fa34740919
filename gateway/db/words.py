"""The words of tickets, timelines and people, by which the search finds them: an index for each database.

They are in tables named `words_of_...` that triggers keep in step. On SQLite these are FTS5 tables, which hold no text,
only the words. On PostgreSQL French endings make no difference, and it takes longer to find the words of a text than to
write all else of a mail; so there a trigger only says that they are not known (any more), in the transaction of the
row, and `index_words` works them out a moment later; what waits for that is searched by its text. A migration that
rebuilds `tickets`, `entries` or `people` must make their triggers anew.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    column,
    func,
    literal_column,
    select,
    table,
    update,
)

from gateway.db.people import people
from gateway.db.sqlite_words import holds_any
from gateway.db.tickets import entries, tickets
from gateway.domain.search_words import Word

INDEXED = {"tickets": ("ref", "subject"), "entries": ("author", "text"), "people": ("name", "email")}
"""The columns whose words are looked for, by table."""
SOURCES = (tickets, people, entries)

_MOST_UNKNOWN = 1_000  # newest rows of a table whose words are not known yet and that are looked through all the same
_MOST_CHARACTERS = 50_000  # of a column whose words are kept, as the migrations have it


def rows_with(connection: Connection, source: Table, word: Word) -> Select[Any]:
    """The ids of the rows of a table that hold the word, from the index."""
    return (_in_postgresql if _is_postgresql(connection) else _in_sqlite)(source, word)


def read_with_words(connection: Connection, source: Table) -> FromClause:
    """The table, so that `holds_in` may be asked of its rows."""
    if not _is_postgresql(connection):
        return source
    index = _index_of(source)
    return source.outerjoin(index, index.c.id == source.c.id)


def holds_in(connection: Connection, source: Table, word: Word) -> ColumnElement[bool]:
    """True in SQL for a row of `read_with_words` that holds the word; it is the row that is read, and no index."""
    if _is_postgresql(connection):
        known: ColumnElement[Any] = func.coalesce(_index_of(source).c.words, _words(source, source))
        return known.op("@@", is_comparison=True)(_wanted(word))
    texts = (func.substr(source.c[name], 1, _MOST_CHARACTERS) for name in INDEXED[source.name])
    return holds_any(word, *texts)


def index_words(connection: Connection, *, most: int = 200) -> int:
    """Work out the words of up to `most` rows of each table whose words are not known; of how many they were.

    On PostgreSQL; SQLite does it at once. Rows that somebody is changing are left for the next time.
    """
    return sum(_index(connection, source, most) for source in SOURCES) if _is_postgresql(connection) else 0


def _in_sqlite(source: Table, word: Word) -> Select[Any]:
    # A quoted text is a phrase, and a star lets its last word go on.
    phrases = (f'"{" ".join(pieces)}"' + ("*" if word.may_go_on else "") for pieces in word.spellings)
    name = f"words_of_{source.name}"
    index = table(name, column("rowid"), column(name))
    return select(index.c.rowid).where(index.c[name].op("MATCH")(" OR ".join(phrases)))


def _in_postgresql(source: Table, word: Word) -> Select[Any]:
    rows, index = source.alias(), _index_of(source)
    known = select(index.c.id).where(index.c.words.op("@@")(_wanted(word)))
    newest = select(rows).join(index, index.c.id == rows.c.id).where(index.c.words.is_(None))
    # The limit also keeps PostgreSQL from working the words out for rows that it is going to leave aside.
    unknown = newest.order_by(index.c.id.desc()).limit(_MOST_UNKNOWN).subquery()
    by_text = select(unknown.c.id).where(_words(source, unknown).op("@@")(_wanted(word)))
    found = known.union_all(by_text).subquery()
    return select(found.c.id)


def _wanted(word: Word) -> ColumnElement[Any]:
    """The word as it stands, or by its French stem."""
    phrases = (
        " <-> ".join(f"'{piece}'" for piece in pieces) + (":*" if word.may_go_on else "") for pieces in word.spellings
    )
    simple = func.to_tsquery(literal_column("'simple'::regconfig"), " | ".join(f"({phrase})" for phrase in phrases))
    french = func.phraseto_tsquery(literal_column("'french'::regconfig"), " ".join(word.pieces))
    return simple.op("||")(french)


def _index(connection: Connection, source: Table, most: int) -> int:
    index = _index_of(source)
    unknown = select(index.c.id).where(index.c.words.is_(None)).order_by(index.c.id).limit(most)
    due = unknown.with_for_update(skip_locked=True).cte("due")
    statement = update(index).where(index.c.id == due.c.id, source.c.id == due.c.id)
    return connection.execute(statement.values(words=_words(source, source))).rowcount


def _index_of(source: Table) -> Any:
    return _INDICES[source.name]


_INDICES = {name: table(f"words_of_{name}", column("id"), column("words")) for name in INDEXED}


def _words(source: Table, rows: FromClause) -> ColumnElement[Any]:
    return func.words_of(*(rows.c[name] for name in INDEXED[source.name]))


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
