"""Full text over references, subjects, the texts of timelines and the people who report.

Accents and letter case make no difference, and a word is found by its first four letters or more, so that `imprim`
finds both `Imprimante` and `imprimé`. On PostgreSQL French endings make no difference either.

The index is in tables named `words_of_...` that triggers keep in step. On SQLite they are FTS5 tables, which hold no
text, only the words. PostgreSQL takes longer to find the words of a text than to write all else of a mail, so there a
trigger only says that they are not known (any more), in the transaction of the row, and `index_words` works them out
a moment later; what waits for that is searched by its text. A migration that rebuilds `tickets`, `entries` or `people`
must make their triggers anew.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import reduce
from itertools import chain
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
from gateway.db.scope import Scope, reads_entry, sees_ticket
from gateway.db.tickets import Ticket, entries, select_tickets, ticket_of, tickets

MAX_WORDS = 8
SHORTEST_BEGINNING = 4  # letters from which on the beginning of a word will do
MOST_UNKNOWN = 1_000  # newest rows of a table whose words are not known yet and that are looked through all the same
FEW = 2_000  # tickets that are all looked through
NEWEST = 5_000  # rows of a table that are looked at for a word which is nearly everywhere
INDEXED = {"tickets": ("ref", "subject"), "entries": ("author", "text"), "people": ("name", "email")}
"""The columns whose words are looked for, by table."""

_MAX_LENGTH = 60  # characters of a word
_PIECES = re.compile(r"[^\W_]+")
_ELISION = re.compile(r"\b[^\W\d_]{1,2}['\u2019]")  # l'imprimante is asked for as imprimante


_SOURCES = (tickets, people, entries)


@dataclass(frozen=True, kw_only=True)
class Word:
    """Something to look for: its pieces stand one after the other, and the last one may go on."""

    pieces: tuple[str, ...]

    @property
    def spellings(self) -> tuple[tuple[str, ...], ...]:
        """The pieces, also with the ligature that people type as two letters, and the other way round."""
        joined = tuple(piece.replace("oe", "œ").replace("ae", "æ") for piece in self.pieces)
        apart = tuple(piece.replace("œ", "oe").replace("æ", "ae") for piece in self.pieces)
        return tuple(dict.fromkeys((self.pieces, joined, apart)))


@dataclass(frozen=True, kw_only=True)
class _Found:
    """Tickets that hold a word; `is_all` is false where there may be older ones."""

    ids: frozenset[int]
    is_all: bool


def parse_words(typed: str) -> list[Word]:
    """What somebody typed, as words to look for: folded, at most `MAX_WORDS`, nothing but letters and digits."""
    plain = _ELISION.sub(" ", _fold(typed))
    found = (tuple(piece[:_MAX_LENGTH] for piece in _PIECES.findall(chunk)) for chunk in plain.split())
    return [Word(pieces=pieces) for pieces in dict.fromkeys(found) if pieces][:MAX_WORDS]


def search_tickets(connection: Connection, words: str, scope: Scope, limit: int) -> list[Ticket]:
    """The tickets of the scope in which each of the words is found, in whatever place; what moved last comes first.

    A ticket whose reference is exactly what was typed comes before all. Nothing typed finds nothing. An entry that
    the person does not read finds no ticket for them. Words that are nearly everywhere, and nothing else typed, are
    looked for in the newest `NEWEST` places that hold them.
    """
    wanted = parse_words(words)
    among = _candidates(connection, wanted, scope) if wanted else frozenset()
    if not among:
        return []
    is_named = (tickets.c.ref == words.strip().upper()).desc()
    query = select_tickets().where(tickets.c.id.in_(among), sees_ticket(scope))
    ordered = query.order_by(is_named, tickets.c.updated_at.desc(), tickets.c.id.desc()).limit(limit)
    return [ticket_of(row) for row in connection.execute(ordered)]


def _candidates(connection: Connection, words: Sequence[Word], scope: Scope) -> Set[int]:
    """The ids of tickets that hold every word.

    Whoever sees few tickets has those looked through. For others each word is looked for by itself, which is cheap
    as long as not everything holds it; what holds the rare words is then looked through for the others.
    """
    query = select(tickets.c.id).where(sees_ticket(scope)).limit(FEW + 1)
    mine: Set[int] = frozenset(connection.execute(query).scalars())
    if len(mine) <= FEW:
        return reduce(lambda among, word: _holding(connection, word, scope, among), words, mine)
    found = {word: _newest(connection, word, scope) for word in words}
    rare = [word for word in words if found[word].is_all]
    among: Set[int] = frozenset.intersection(*(found[word].ids for word in rare or words))
    common = [word for word in words if rare and word not in rare]
    return reduce(lambda left, word: _holding(connection, word, scope, left), common, among)


def _holding(connection: Connection, word: Word, scope: Scope, among: Set[int]) -> Set[int]:
    """Those of these tickets that hold the word."""
    if not among:
        return among
    is_among = tickets.c.id.in_(among)
    theirs = {
        tickets: select(tickets.c.id).where(is_among),
        people: select(tickets.c.reporter_id).where(is_among),
        entries: select(entries.c.id).where(entries.c.ticket_id.in_(among)),
    }
    rows = {source: _rows_with(connection, source, word, within=theirs[source]) for source in _SOURCES}
    queries = (query.where(is_among) for query in _places(scope, rows))
    return frozenset(found for query in queries for found in connection.execute(query).scalars())


def _newest(connection: Connection, word: Word, scope: Scope) -> _Found:
    """The tickets of the newest places that hold the word."""
    rows = {}
    for source in _SOURCES:
        query = _rows_with(connection, source, word)
        newest = query.order_by(query.selected_columns[0].desc()).limit(NEWEST)
        rows[source] = connection.execute(newest).scalars().all()
    queries = (query.where(sees_ticket(scope)).limit(NEWEST) for query in _places(scope, rows))
    ids = [connection.execute(query).scalars().all() for query in queries]
    return _Found(
        ids=frozenset(chain.from_iterable(ids)), is_all=all(len(found) < NEWEST for found in (*rows.values(), *ids))
    )


def _places(scope: Scope, rows: Mapping[Table, Any]) -> Sequence[Select[Any]]:
    """Queries for tickets by these rows: reference and subject, who reports, and entries that are read."""
    timeline = select(entries.c.ticket_id).join(tickets, tickets.c.id == entries.c.ticket_id)
    return (
        select(tickets.c.id).where(tickets.c.id.in_(rows[tickets])),
        select(tickets.c.id).where(tickets.c.reporter_id.in_(rows[people])),
        timeline.where(entries.c.id.in_(rows[entries]), reads_entry(scope)),
    )


def _rows_with(connection: Connection, source: Table, word: Word, *, within: Any = None) -> Select[Any]:
    """The ids of the rows of a table that hold the word; of all, or within a query's."""
    return (_in_postgresql if _is_postgresql(connection) else _in_sqlite)(source, word, within)


def _in_sqlite(source: Table, word: Word, within: Any) -> Select[Any]:
    # A quoted text is a phrase, and a star lets its last word go on.
    phrases = (f'"{" ".join(pieces)}"' + ("*" if _may_go_on(pieces) else "") for pieces in word.spellings)
    name = f"words_of_{source.name}"
    index = table(name, column("rowid"), column(name))
    found = select(index.c.rowid).where(index.c[name].op("MATCH")(" OR ".join(phrases)))
    # The plus keeps FTS5 from beginning anew for each row that is asked for: it tells them all faster.
    return found if within is None else found.where(literal_column("+rowid").in_(within))


def _in_postgresql(source: Table, word: Word, within: Any) -> Select[Any]:
    # As the words stand, and by their French stems.
    phrases = (
        " <-> ".join(f"'{piece}'" for piece in pieces) + (":*" if _may_go_on(pieces) else "")
        for pieces in word.spellings
    )
    simple = func.to_tsquery(literal_column("'simple'::regconfig"), " | ".join(f"({phrase})" for phrase in phrases))
    french = func.phraseto_tsquery(literal_column("'french'::regconfig"), " ".join(word.pieces))
    rows = source.alias()
    wanted = simple.op("||")(french)
    index = table(f"words_of_{source.name}", column("id"), column("words"))
    known = select(index.c.id).where(index.c.words.op("@@")(wanted))
    newest = (
        select(rows).join(index, index.c.id == rows.c.id).where(index.c.words.is_(None)).order_by(index.c.id.desc())
    )
    if within is not None:
        known, newest = known.where(index.c.id.in_(within)), newest.where(index.c.id.in_(within))
    # The limit also keeps PostgreSQL from working the words out for rows that it is going to leave aside.
    unknown = newest.limit(MOST_UNKNOWN).subquery()
    by_text = select(unknown.c.id).where(_words(source, unknown).op("@@")(wanted))
    found = known.union_all(by_text).subquery()
    return select(found.c.id)


def index_words(connection: Connection, *, most: int = 200) -> int:
    """Work out the words of up to `most` rows of each table whose words are not known; of how many they were.

    On PostgreSQL; SQLite does it at once. Rows that somebody is changing are left for the next time.
    """
    return sum(_index(connection, source, most) for source in _SOURCES) if _is_postgresql(connection) else 0


def _index(connection: Connection, source: Table, most: int) -> int:
    index = table(f"words_of_{source.name}", column("id"), column("words"))
    unknown = select(index.c.id).where(index.c.words.is_(None)).order_by(index.c.id).limit(most)
    due = unknown.with_for_update(skip_locked=True).cte("due")
    statement = update(index).where(index.c.id == due.c.id, source.c.id == due.c.id)
    return connection.execute(statement.values(words=_words(source, source))).rowcount


def _words(source: Table, rows: FromClause) -> ColumnElement[Any]:
    return func.words_of(*(rows.c[name] for name in INDEXED[source.name]))


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _may_go_on(pieces: Sequence[str]) -> bool:
    """True for the beginning of a word: long enough to mean something, and no number."""
    return len(pieces[-1]) >= SHORTEST_BEGINNING and not pieces[-1].isdigit()


def _fold(typed: str) -> str:
    """Without accents, in small letters."""
    apart = unicodedata.normalize("NFKD", typed.lower())
    return "".join(char for char in apart if not unicodedata.combining(char))
