"""One person, as a request about their data names them: what they are known by, and how to find that in any text.

An address is found as a whole (`marie@x` is not in `anne-marie@x`), in any case, its domain in both forms. A number is
found as it is written by machines and by people. A name counts where it has two words: half of France is called Marie.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import idna
import phonenumbers

_GAP = r"[\s.\-/()]{0,3}"


@dataclass(frozen=True, kw_only=True)
class DataSubject:
    """Whom a request is about.

    `email` is normalised; `person_id` is None for an address that no row of people has. `reported` are the tickets
    that are theirs, `touched` those with an entry of theirs too, `authored` the ids of these entries. `pseudonym` is
    the word that takes their place: drawn by chance, so that nothing leads back.
    """

    email: str
    pseudonym: str
    person_id: int | None = None
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    reported: frozenset[int] = frozenset()
    touched: frozenset[int] = frozenset()
    authored: frozenset[int] = frozenset()
    calls: frozenset[int] = frozenset()
    mails: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """The address under which their rows stay; nobody can have it (RFC 6761 section 6.4)."""
        return f"{self.pseudonym}@erased.invalid"

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """What they are known by, as regular expressions over text."""
        return (*_address_needles(self.email), *map(_phone_needle, self.phones), *_name_needles(self.names))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds any of it in a text."""
        return re.compile("|".join(f"(?:{needle})" for needle in self.needles), re.IGNORECASE)

    def scrub(self, value: Any) -> Any:
        """A plain JSON value with the pseudonym wherever the person is named, in keys too."""
        if isinstance(value, str):
            return self.pattern.sub(self._instead, value)
        if isinstance(value, Mapping):
            return {self.scrub(key): self.scrub(item) for key, item in value.items()}
        return [self.scrub(item) for item in value] if isinstance(value, list) else value

    def _instead(self, found: re.Match[str]) -> str:
        return self.address if "@" in found[0] else self.pseudonym


def _address_needles(email: str) -> list[str]:
    local, _, domain = email.rpartition("@")
    domains = {domain}
    with suppress(UnicodeError):
        domains.add(idna.decode(domain))
    written = "|".join(sorted(re.escape(one) for one in domains))
    return [rf"(?<![\w.+\-]){re.escape(local)}@(?:{written})(?![\w\-]|\.\w)"]


def _phone_needle(number: str) -> str:
    """A number in E.164, however people group its digits: `+33 6 12..`, `0033612..`, `06.12..`."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return re.escape(number)
    country, national = str(parsed.country_code), str(parsed.national_number)
    digits = _GAP.join(national)
    return rf"(?<!\d)(?:(?:\+|00){_GAP.join(country)}{_GAP}(?:\(0\){_GAP})?|0)?{digits}(?!\d)"


def _name_needles(names: Iterable[str]) -> list[str]:
    found = []
    for name in sorted(names):
        words = name.split()
        if len(words) > 1:
            found += [rf"(?<![^\W_]){_words(order)}(?![^\W_])" for order in _orders(words)]
    return found


def _orders(words: list[str]) -> list[list[str]]:
    """As it stands, and with the last name first."""
    return [words, [*words[-1:], *words[:-1]], words[::-1]]


def _words(words: list[str]) -> str:
    """The words in this order; an underscore is a space in encoded words (RFC 2047 section 4.2)."""
    return r"[\s,_]+".join(re.escape(word) for word in words)
