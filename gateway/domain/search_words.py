"""The words that somebody looks for, and whether a text holds them.

Accents and letter case make no difference, and a word is found by its first `SHORTEST_BEGINNING` letters or more, so
that `imprim` finds both `Imprimante` and `imprimé`. A text is parted into words as SQLite's FTS5 does it (tokenizer
`unicode61 remove_diacritics 2`, <https://www.sqlite.org/fts5.html>): at everything but letters and digits.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

MAX_WORDS = 8
SHORTEST_BEGINNING = 4  # letters from which on the beginning of a word will do

_MAX_LENGTH = 60  # characters of a word
_PIECES = re.compile(r"[^\W_]+")
_ELISION = re.compile(r"\b[^\W\d_]{1,2}['\u2019]")  # l'imprimante is asked for as imprimante
_MARKS = re.compile("[\u0300-\u036f]+")
_WESTERN = "cp1252"  # the characters of nearly every mail in French or English, each with a byte of its own


@dataclass(frozen=True)
class Word:
    """Something to look for: its pieces stand one after the other, and the last one may go on."""

    pieces: tuple[str, ...]

    @cached_property
    def spellings(self) -> tuple[tuple[str, ...], ...]:
        """The pieces, also with the ligature that people type as two letters, and the other way round."""
        joined = tuple(piece.replace("oe", "œ").replace("ae", "æ") for piece in self.pieces)
        apart = tuple(piece.replace("œ", "oe").replace("æ", "ae") for piece in self.pieces)
        return tuple(dict.fromkeys((self.pieces, joined, apart)))

    @property
    def may_go_on(self) -> bool:
        """True for the beginning of a word: long enough to mean something, and no number."""
        return len(self.pieces[-1]) >= SHORTEST_BEGINNING and not self.pieces[-1].isdigit()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a text that `fold_text` made holds where it holds the word."""
        spelt = "|".join(r"[\W_]+".join(pieces) for pieces in self.spellings)
        return re.compile(rf"(?<![^\W_])(?:{spelt})" + ("" if self.may_go_on else r"(?![^\W_])"))


def parse_words(typed: str) -> list[Word]:
    """What somebody typed, as words to look for: folded, at most `MAX_WORDS`, nothing but letters and digits."""
    plain = _ELISION.sub(" ", _fold_typed(typed))
    found = (tuple(piece[:_MAX_LENGTH] for piece in _PIECES.findall(chunk)) for chunk in plain.split())
    return [Word(pieces) for pieces in dict.fromkeys(found) if pieces][:MAX_WORDS]


def holds(text: str, word: Word) -> bool:
    """True if a text that `fold_text` made holds the word."""
    # A plain search is several times faster than a pattern, and mostly says no.
    return any(pieces[0] in text for pieces in word.spellings) and word.pattern.search(text) is not None


def fold_text(text: str) -> str:
    """A text without accents, in small letters."""
    small = text.lower()
    try:
        return small.encode(_WESTERN).translate(_WITHOUT_ACCENTS).decode(_WESTERN)
    except UnicodeEncodeError:
        return _MARKS.sub("", unicodedata.normalize("NFD", small))


def _fold_typed(typed: str) -> str:
    """The same for what somebody typed, where signs that only look different are the letters that they mean too."""
    apart = unicodedata.normalize("NFKD", typed.lower())
    return "".join(char for char in apart if not unicodedata.combining(char))


def _without_accent(byte: int) -> int:
    char = bytes([byte]).decode(_WESTERN, "ignore")
    plain = unicodedata.normalize("NFD", char)[:1].encode(_WESTERN)
    return plain[0] if plain else byte


_WITHOUT_ACCENTS = bytes(_without_accent(byte) for byte in range(256))
