"""Where in the configuration file a setting stands, so that a fault can name its line.

The TOML reader of the standard library keeps no positions. Headers and keys are found line by line, which is enough
to point a person to the place; whether the file is valid TOML is not decided here.
"""

import re
from collections.abc import Mapping, Sequence

Place = tuple[str, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")


def lines_of(text: str) -> dict[Place, int]:
    """The line (from 1) of each table and key, by its lower-case path: `("projects", "shop", "name")`."""
    found: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADER.match(line):
            table = _parts(match[1])
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            found.setdefault(table + _parts(match[1]), number)
    return found


def find_line(lines: Mapping[Place, int], where: Sequence[int | str]) -> int | None:
    """The line of a setting, or of the nearest table around it that the file names; None where it names none."""
    place = tuple(str(part).lower() for part in where)
    return next((lines[place[:size]] for size in range(len(place), 0, -1) if place[:size] in lines), None)


def _parts(dotted: str) -> Place:
    return tuple(part.strip("\"'").lower() for part in re.findall(_PART, dotted))
