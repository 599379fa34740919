"""Words that are looked for: a text that is read holds them exactly where SQLite's index of words finds them."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from gateway.db.tickets import tickets
from gateway.db.words import rows_with
from gateway.domain.search_words import fold_text, holds, parse_words

# Without signs beyond U+FFFF, which SQLite takes for letters.
LETTERS = "aàeéèêEÉioœOEnñNÑ12 _-.'\u2019/@\u00a0\u0301\u0327€…αΩд日"


@pytest.fixture(scope="module")
def index() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE words_of_tickets USING fts5(subject, tokenize='unicode61 remove_diacritics 2')"
        )
        yield connection
    engine.dispose()


@given(typed=st.text(LETTERS, min_size=1, max_size=12), text=st.text(LETTERS, max_size=30))
@example(typed="imprim", text="L\u2019IMPRIMANTE réseau")
@example(typed="coeur", text="Le cœur")
@example(typed="cœur", text="LE COEUR DU BÂTIMENT")
@example(typed="réseau", text="le re\u0301seau est lent")
@example(typed="eau", text="réseau d'eau")
@example(typed="a.b@c.test", text="écrire à A.B@C.TEST")
@example(typed="2024", text="20245")
def test_a_text_that_is_read_holds_what_the_index_finds(index: Connection, typed: str, text: str) -> None:
    index.exec_driver_sql("DELETE FROM words_of_tickets")
    index.exec_driver_sql("INSERT INTO words_of_tickets VALUES (?)", (text,))
    for word in parse_words(typed):
        is_found = bool(index.execute(rows_with(index, tickets, word)).all())
        assert holds(fold_text(text), word) == is_found, (word, text)
