"""What SQLite is taught for the search: whether texts hold a word, row by row, without the index."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, func

from gateway.domain.search_words import Word, fold_text, holds


def teach(connection: Any) -> None:
    """Let a connection of the driver know `gateway_holds`."""
    connection.create_function("gateway_holds", -1, _holds, deterministic=True)


def holds_any(word: Word, *texts: ColumnElement[Any]) -> ColumnElement[bool]:
    """True in SQL where one of the texts holds the word."""
    return func.gateway_holds(" ".join(word.pieces), *texts)


def _holds(pieces: str, *texts: str | None) -> bool:
    return any(holds(_folded(text), _word(pieces)) for text in texts if text)


@lru_cache(maxsize=8)  # a row is asked for each word in turn
def _folded(text: str) -> str:
    return fold_text(text)


@lru_cache(maxsize=64)
def _word(pieces: str) -> Word:
    return Word(tuple(pieces.split()))
