"""Full text over references, subjects, the texts of timelines and the people who report.

What is searched for is mostly found in what moved last, so that is read first. Where that is not enough, words that are
rare are looked up in the index of words, and what holds them is looked through for the others. Where no word is rare,
what moved last is read on, up to a bound: whoever asks is told that older ones were not looked at.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Select, func, select

from gateway.db.chunks import in_chunks
from gateway.db.people import people
from gateway.db.scope import Scope, newest_first, reads_entry, sees_ticket
from gateway.db.tickets import Ticket, entries, select_tickets, ticket_of, tickets
from gateway.db.words import SOURCES, holds_in, read_with_words, rows_with
from gateway.domain.search_words import Word, parse_words

FIRST = 100  # tickets that are read before the index is asked
SELDOM = 20  # of those; a word that more of them hold is not looked up
STEP = 200  # tickets that are read at a time after those
MOST_READ = 500  # tickets that are read at most, where the index does not tell which
RARE = 5_000  # rows of a table, and tickets, that a rare word is in at most


@dataclass(frozen=True, kw_only=True)
class Found:
    """The tickets that were found; `is_all` is false where older ones were not looked at."""

    tickets: list[Ticket]
    is_all: bool = True


def search_tickets(connection: Connection, words: str, scope: Scope, limit: int) -> Found:
    """The tickets of the scope in which each of the words is found, in whatever place; what moved last comes first.

    A ticket whose reference is exactly what was typed comes before all. Nothing typed finds nothing. An entry that
    the person does not read finds no ticket for them.
    """
    wanted = parse_words(words)
    if not wanted:
        return Found(tickets=[])
    named = select(tickets.c.id).where(tickets.c.ref == words.strip().upper(), sees_ticket(scope))
    found, is_all = _find(connection, scope, wanted, limit)
    ids = list(dict.fromkeys([*_ids(connection, named), *found]))[:limit]
    rows = connection.execute(select_tickets().where(tickets.c.id.in_(ids)))
    by_id = {row.id: ticket_of(row) for row in rows}
    return Found(tickets=[by_id[ident] for ident in ids], is_all=is_all)


def _find(connection: Connection, scope: Scope, words: Sequence[Word], limit: int) -> tuple[list[int], bool]:
    """The ids of the newest tickets with every word, up to `limit`; False where older ones were not looked at."""
    newest = _ids(connection, newest_first(scope, limit=FIRST))
    holding = {word: _holding(connection, scope, word, newest) for word in words}
    found = [ident for ident in newest if all(ident in holding[word] for word in words)]
    if len(found) >= limit or len(newest) < FIRST:
        return found[:limit], True
    seldom = [word for word in words if len(holding[word]) <= SELDOM]
    rare = {word: ids for word in seldom if (ids := _all_with(connection, scope, word)) is not None}
    others = [word for word in words if word not in rare]
    others.sort(key=lambda word: len(holding[word]))  # what few hold leaves less to read
    if rare:
        found, read, most = [], 0, MOST_READ if others else limit
        candidates = _in_order(connection, scope, frozenset.intersection(*rare.values()), most)
        parts = in_chunks(candidates, STEP)
    else:
        read, most = FIRST, MOST_READ
        parts = _parts(connection, scope)
    for part in parts:
        read += len(part)
        found += _holding_all(connection, scope, others, part)
        if len(found) >= limit:
            break
    return found[:limit], len(found) >= limit or read < most


def _parts(connection: Connection, scope: Scope) -> Iterator[list[int]]:
    """The ids of the tickets of the scope after the first, the one that moved last first, up to `MOST_READ`."""
    for start in range(FIRST, MOST_READ, STEP):
        part = _ids(connection, newest_first(scope, limit=STEP, offset=start))
        yield part
        if len(part) < STEP:
            break


def _ids(connection: Connection, query: Select[Any]) -> list[int]:
    return list(connection.execute(query).scalars())


def _holding_all(connection: Connection, scope: Scope, words: Sequence[Word], ids: list[int]) -> list[int]:
    for word in words:
        ids = _holding(connection, scope, word, ids)
    return ids


def _holding(connection: Connection, scope: Scope, word: Word, ids: list[int]) -> list[int]:
    """Those of these tickets that hold the word, in their order: in subject, reporter or entries that are read."""
    rows = {source: read_with_words(connection, source) for source in SOURCES}
    queries = (
        select(tickets.c.id).select_from(rows[tickets]),
        select(tickets.c.id).select_from(rows[people].join(tickets, tickets.c.reporter_id == people.c.id)),
        select(tickets.c.id)
        .select_from(rows[entries].join(tickets, tickets.c.id == entries.c.ticket_id))
        .where(reads_entry(scope)),
    )
    found: set[int] = set()
    for source, query in zip(SOURCES, queries, strict=True):
        left = [ident for ident in ids if ident not in found]
        if left:
            found.update(_ids(connection, query.where(tickets.c.id.in_(left), holds_in(connection, source, word))))
    return [ident for ident in ids if ident in found]


def _all_with(connection: Connection, scope: Scope, word: Word) -> frozenset[int] | None:
    """Every ticket that holds a word, whoever sees it, if the word is rare; None if it is not."""
    rows = {source: rows_with(connection, source, word).limit(RARE + 1) for source in SOURCES}
    for query in rows.values():
        counted = select(func.count()).select_from(query.subquery())
        if connection.execute(counted).scalar_one() > RARE:
            return None
    queries = (
        rows[tickets],
        select(tickets.c.id).where(tickets.c.reporter_id.in_(rows[people])),
        select(entries.c.ticket_id)
        .join(tickets, tickets.c.id == entries.c.ticket_id)
        .where(entries.c.id.in_(rows[entries]), reads_entry(scope)),
    )
    found = [_ids(connection, query.limit(RARE + 1)) for query in queries]
    return None if any(len(ids) > RARE for ids in found) else frozenset(chain.from_iterable(found))


def _in_order(connection: Connection, scope: Scope, ids: Set[int], most: int) -> list[int]:
    """Those of these tickets that are seen, the one that moved last first, up to `most`."""
    query = select(tickets.c.id).where(tickets.c.id.in_(ids), sees_ticket(scope))
    return _ids(connection, query.order_by(tickets.c.updated_at.desc(), tickets.c.id.desc()).limit(most))
