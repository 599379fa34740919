"""Header fields as we look them up: by lower-case name, raw text, every occurrence in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Headers:
    """The fields of one mail. Values are raw: encoded words are not decoded, folding may still be inside."""

    fields: Mapping[str, tuple[str, ...]]

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]]) -> "Headers":
        """Group (name, value) pairs, names in any letter case."""
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            found.setdefault(name.strip().lower(), []).append(value)
        return cls({name: tuple(values) for name, values in found.items()})

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, in order."""
        return self.fields.get(name.lower(), ())

    def first(self, name: str) -> str:
        """The first value of a field, white space folded to single spaces; "" where there is none."""
        values = self.all(name)
        return " ".join(values[0].split()) if values else ""

    def __contains__(self, name: str) -> bool:
        return name.lower() in self.fields
