"""Saying a reason in somebody's language, by the one table of their words."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gateway.domain.reason_words import WORDS
from gateway.domain.reasons import Reason, Why, read_why
from gateway.domain.ticket import Language

Wording = Callable[[str, str], str]
"""How a value is said, by its name and itself: the desk has names for `status` and `kind`, an order has the words."""

SEPARATORS = {Language.FR: "\u00a0; ", Language.EN: "; "}


class Unfit(ValueError):
    """Text or values that a rule cannot take; `why` is for whoever gave them."""

    def __init__(self, why: Why) -> None:
        super().__init__(say(why))
        self.why = why


def _as_it_is(_name: str, value: str) -> str:
    return value


def say(why: Why, lang: Language = Language.EN, wording: Wording = _as_it_is) -> str:
    """The reason as a sentence in this language."""
    english, french = WORDS[why.reason]
    sentence = english if lang is Language.EN else french
    return sentence.format_map({name: wording(name, value) for name, value in why.values})


def say_all(whys: Iterable[Why], lang: Language = Language.EN, wording: Wording = _as_it_is) -> str:
    """Several in a row, each once."""
    return SEPARATORS[lang].join(dict.fromkeys(say(why, lang, wording) for why in whys))


def say_stored(stored: Mapping[str, Any] | str, lang: Language, wording: Wording = _as_it_is) -> str:
    """A stored reason as a sentence. What an earlier version stored is its sentence already; of a later version's
    reason there is no more to say than that there was one."""
    if isinstance(stored, str):
        return stored
    return say(read_why(stored) or Reason.REFUSED(), lang, wording)
