"""Searching: what is found by which words, and by whom. The same on both databases."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from gateway.db import search as searching
from gateway.db.engine import Database
from gateway.db.migrate import migrate, revisions
from gateway.db.people import get_or_create_person, people
from gateway.db.scope import Scope
from gateway.db.search import search_tickets
from gateway.db.ticket_events import record_event
from gateway.db.tickets import NewEntry, Ticket, add_entry, create_ticket, entries, tickets
from gateway.db.words import index_words
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.search_words import MAX_WORDS, parse_words
from gateway.domain.ticket import Direction, EntryType, Language, Level
from tests.support.clock import MovableClock

[SEARCH] = [path.name[:4] for path in Path("gateway/db/migrations/versions").glob("*_search.py")]
BEFORE = revisions()[revisions().index(SEARCH) - 1]
EVERYTHING = Scope(projects=frozenset({"DEMO", "OTHER"}), deep_notes=frozenset({"DEMO", "OTHER"}))
Make = Callable[..., Ticket]


@pytest.fixture
def make(database: Database, clock: MovableClock) -> Make:
    """Makes a ticket with one entry; each a minute after the one before."""

    def make_one(
        subject: str = "",
        text: str = "",
        *,
        email: str = "marie@client.example",
        name: str = "",
        project: str = "DEMO",
        **entry: Any,
    ) -> Ticket:
        clock.move(minutes=1)
        now = clock.now()
        with database.transaction() as connection:
            person = get_or_create_person(connection, email=email, name=name, now=now)
            made = create_ticket(
                connection, project=project, subject=subject, lang=Language.FR, reporter_id=person.id, now=now
            )
            values: dict[str, Any] = {
                "at": now,
                "type": EntryType.MESSAGE,
                "direction": Direction.IN,
                "author": email,
                "visible": True,
            }
            add_entry(connection, made.id, NewEntry(**{**values, "text": text, **entry}))
            return made

    return make_one


@pytest.fixture
def find(database: Database) -> Callable[..., list[str]]:
    """The references that are found, whether or not the words were worked out by then."""

    def search(words: str, scope: Scope = EVERYTHING, *, limit: int = 50) -> list[str]:
        with database.transaction() as connection:
            at_once = [found.ref for found in search_tickets(connection, words, scope, limit).tickets]
            index_words(connection)
            assert [found.ref for found in search_tickets(connection, words, scope, limit).tickets] == at_once
        return at_once

    return search


@pytest.mark.parametrize(
    "words",
    [
        "imprimante",
        "IMPRIMANTE",
        "imprim",
        "l'imprimante",
        "l’imprimante réseau",
        "reseau",
        "Étage",
        "etage imprimante",
        "imprimante marie",
        "dupont",
        "marie@client.example",
        "client.example",
        "demo-1",
        "DEMO-1 étage",
        "cœur",
        "coeur",
        "« panne » : l'imprimante (réseau) !",
        "re\u0301seau",
        "eau",
    ],
)
def test_a_ticket_is_found_by_what_it_holds(make: Make, find: Callable[..., list[str]], words: str) -> None:
    told = "Celle du 3e étage, au cœur du bâtiment : elle manque d’eau."
    make("Panne : l'imprimante réseau", told, name="Marie Dupont")
    make("Tout autre chose", "Bonjour", email="paul@elsewhere.test")
    assert find(words) == ["DEMO-1"]


@pytest.mark.parametrize(
    "words",
    [
        "scanner",
        "imprimante scanner",
        "primante",
        "",
        "   ",
        "!?",
        '" OR rowid:*',
        "subject:imprimante^2",
        "imprimante & !réseau | x",
        "' --",
        "\x00",
        "%",
    ],
)
def test_nothing_is_found_by_what_no_ticket_holds(make: Make, find: Callable[..., list[str]], words: str) -> None:
    make("L'imprimante", "réseau")
    assert find(words) == []


def test_no_word_breaks_the_search(make: Make, find: Callable[..., list[str]]) -> None:
    make("x", "y")
    for words in (
        "a" * 10_000,
        "mot " * 1000,
        "'\"\\ :* <-> () NEAR AND OR NOT",
        "𝒳 Ⅷ ²  ﬁ",
        "a\u0300\u0301\u0302",
        "1" * 400,
    ):
        assert find(words) == []
    assert len(parse_words("un deux trois quatre cinq six sept huit neuf dix")) == MAX_WORDS


def test_what_moved_last_comes_first_and_a_reference_before_all(make: Make, find: Callable[..., list[str]]) -> None:
    for text in ("panne", "panne, comme DEMO-1", "panne"):
        make(text)
    assert find("panne") == ["DEMO-3", "DEMO-2", "DEMO-1"]
    assert find("panne", limit=2) == ["DEMO-3", "DEMO-2"]
    assert find(" demo-1 ") == ["DEMO-1", "DEMO-2"]


def test_the_index_follows_every_change(database: Database, make: Make, find: Callable[..., list[str]]) -> None:
    made = make("Imprimante", "réseau", name="Marie")
    with database.transaction() as connection:
        connection.execute(update(tickets).values(subject="Scanner"))
        connection.execute(update(entries).values(text="câble"))
        connection.execute(update(people).values(name="Erased"))
    assert [find(words) for words in ("imprimante", "réseau", "marie dupont")] == [[], [], []]
    assert [find(words) for words in ("scanner", "cable", "erased")] == [[made.ref]] * 3
    with database.transaction() as connection:
        connection.execute(delete(tickets))
    assert find("scanner") == []
    with database.reading() as connection:
        assert connection.execute(entries.select()).all() == []


@pytest.mark.parametrize("database_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_words_are_worked_out_once_and_go_with_the_text_that_held_them(database: Database, make: Make) -> None:
    def words_known() -> list[Any]:
        query = "SELECT words FROM words_of_entries WHERE words IS NOT NULL"
        return list(connection.exec_driver_sql(query).scalars())

    make("Imprimante", "réseau")
    make("Imprimante", "réseau", email="paul@client.example")
    with database.transaction() as connection:
        assert [index_words(connection, most=1) for _ in range(3)] == [3, 3, 0]
        assert len(words_known()) == 2
        connection.execute(update(entries).values(text="[erased]", author="erased"))
        assert words_known() == []
        assert index_words(connection) == 2
        assert all("reseau" not in words and "erased" in words for words in words_known())
        connection.execute(update(tickets).values(status="closed"))
        assert index_words(connection) == 0


def test_a_transaction_that_fails_leaves_no_words(
    database: Database, make: Make, find: Callable[..., list[str]]
) -> None:
    make("Imprimante")

    def change_and_fail() -> None:
        with database.transaction() as connection:
            connection.execute(update(tickets).values(subject="Scanner"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    assert (find("scanner"), find("imprimante")) == ([], ["DEMO-1"])


def test_a_very_long_text_is_found_by_its_beginning(make: Make, find: Callable[..., list[str]]) -> None:
    words = " ".join(f"mot{number:06}é" for number in range(200_000))
    made = make("Journal", words)
    assert find("mot000001e") == [made.ref]


def test_each_finds_what_they_may_see(
    database: Database, clock: MovableClock, make: Make, find: Callable[..., list[str]]
) -> None:
    mine = make("panne", email="marie@client.example")
    colleague = make("panne", email="paul@client.example")
    other = make("panne", email="eve@xclient.example", project="OTHER")
    with database.transaction() as connection:
        event = TicketEvent(type=EventType.LEVEL, at=clock.now(), by=By.AGENT, value=Level.N2)
        record_event(connection, colleague.id, event)
        connection.execute(update(tickets).where(tickets.c.id == other.id).values(level="N3"))
    every = [other.ref, colleague.ref, mine.ref]
    scopes: list[tuple[Scope, list[str]]] = [
        (Scope(), []),
        (Scope(reporter_id=mine.reporter_id), [mine.ref]),
        (Scope(organisations={"DEMO": "client.example"}), [colleague.ref, mine.ref]),
        (Scope(organisations={"OTHER": "client.example"}), []),
        (Scope(projects=frozenset({"OTHER"})), [other.ref]),
        (Scope(levels={"DEMO": frozenset({Level.N2})}), [colleague.ref]),
        (Scope(levels={"DEMO": frozenset({Level.N3})}), []),
        (Scope(levels={"OTHER": frozenset({Level.N2, Level.N3})}), [other.ref]),
        (EVERYTHING, every),
    ]
    for scope, refs in scopes:
        assert find("panne", scope) == refs, scope


@pytest.mark.parametrize(
    ("entry", "readers"),
    [
        ({}, {"reporter", "n1", "n2"}),
        ({"type": EntryType.NOTE, "visible": False, "data": {"level": "N1"}}, {"n1", "n2"}),
        ({"type": EntryType.NOTE, "visible": False, "data": {"level": "N2"}}, {"n2"}),
        ({"type": EntryType.SYSTEM, "visible": False}, {"n2"}),
    ],
)
def test_an_entry_that_somebody_does_not_read_finds_nothing_for_them(
    make: Make, find: Callable[..., list[str]], entry: dict[str, Any], readers: set[str]
) -> None:
    made = make("Panne", "Sûrement le cache", **entry)
    demo = frozenset({"DEMO"})
    scopes = {
        "reporter": Scope(reporter_id=made.reporter_id),
        "n1": Scope(projects=demo, notes=demo),
        "n2": Scope(projects=demo, notes=demo, deep_notes=demo),
    }
    assert {name for name, scope in scopes.items() if find("cache", scope)} == readers
    assert all(find("panne", scope) == [made.ref] for scope in scopes.values())


def test_what_was_there_before_the_index_is_found(empty_database_url: str, clock: MovableClock) -> None:
    opened = Database(empty_database_url)
    migrate(opened, revision=BEFORE)
    with opened.transaction() as connection:
        values = {"email": "m@x.example", "name": "Zoé", "created_at": clock.now()}
        connection.execute(people.insert().values(**values))
        connection.exec_driver_sql(
            "INSERT INTO tickets (id, ref, project, subject, kind, status, level, lang, reporter_id, created_at,"
            " updated_at) SELECT 1, 'DEMO-1', 'DEMO', 'Écran', 'assistance', 'new', 'N1', 'fr', id, created_at,"
            " created_at FROM people"
        )
    migrate(opened)
    with opened.reading() as connection:
        for words in ("ecran", "zoe", "demo-1"):
            assert [found.ref for found in search_tickets(connection, words, EVERYTHING, 5).tickets] == ["DEMO-1"], (
                words
            )
    opened.close()


LOOKED_FOR = ("panne", "réseau", "écran", "clavier", "souris", "câble")


@pytest.mark.parametrize("seed", range(2))
def test_a_long_list_is_searched_as_a_short_one_is(
    database: Database, make: Make, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    oldest = make("Imprimante et panne", "réseau")
    held: dict[str, set[str]] = {}
    for _ in range(40):
        words = [word for rank, word in enumerate(LOOKED_FOR) if chance.random() < 0.8 / (rank + 1)]
        places = [" ".join(word for word in words if chance.random() < 0.5) for _ in range(2)]
        text = " ".join(word for word in words if word not in " ".join(places).split())
        made = make(places[0], f"{places[1]} {text}", email=f"client{chance.randrange(3)}@client.example")
        held = {made.ref: set(words), **held}  # the one that moved last first
    for name, value in {"FIRST": 5, "SELDOM": 1, "STEP": 4, "MOST_READ": 17, "RARE": 6}.items():
        monkeypatch.setattr(searching, name, value)
    held[oldest.ref] = {"panne", "réseau"}
    seen: Counter[bool] = Counter()
    with database.transaction() as connection:
        for _ in range(40):
            asked = set(chance.sample(LOOKED_FOR, chance.randint(1, 3)))
            limit = chance.choice([2, 8, 60])
            found = search_tickets(connection, " ".join(sorted(asked)), EVERYTHING, limit)
            refs = [ticket.ref for ticket in found.tickets]
            right = [ref for ref, words in held.items() if asked <= words]
            assert refs == right[: limit if found.is_all else len(refs)], asked
            assert found.is_all or len(refs) < limit
            assert len(refs) >= len([ref for ref in list(held)[:17] if ref in right][:limit])
            seen[found.is_all] += 1
            index_words(connection, most=chance.randrange(1, 4))
        found = search_tickets(connection, "imprimante réseau", EVERYTHING, 8)
        assert ([ticket.ref for ticket in found.tickets], found.is_all) == ([oldest.ref], True)
    assert min(seen[True], seen[False]) > 2
