"""One file for several entries, in blocks: a first line says where each begins, then they follow, each in its own form.

Entries that were accepted together make one block, because making many durable costs no more than making one. The
line is cut off by position, as the envelope's is, so no payload can forge it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

_PREFIX = b"X-Gateway-Shared: v1 "
_LONGEST = 64 * 1024  # bytes of the first line of a block; behind the last block there may be none to come


class DamagedIndex(ValueError):
    """The first line of a block does not say where the entries are."""


def shared_head(sizes: Mapping[str, int]) -> bytes:
    """The first line of a block that holds the entries of these names and sizes (bytes), in this order."""
    places, begin = {}, 0
    for name, size in sizes.items():
        places[name] = [begin, size]
        begin += size
    return _PREFIX + json.dumps(places, separators=(",", ":")).encode("ascii") + b"\r\n"


def read_part(path: Path, name: str) -> tuple[bytes, bool]:
    """The content of the entry `name`, and whether its file is shared with others. Raises OSError, DamagedIndex."""
    with path.open("rb") as file:
        if file.read(len(_PREFIX)) != _PREFIX:
            file.seek(0)
            return file.read(), False
        for places in _blocks(file):
            if name in places:
                begin, size = places[name]
                file.seek(begin)
                return file.read(size), True
    raise DamagedIndex("the file does not say where the entry is")


def names_of(path: Path) -> list[str]:
    """The names of the entries in a shared file, up to where it is damaged. Raises OSError."""
    names: list[str] = []
    with path.open("rb") as file:
        try:
            for places in _blocks(file):
                names.extend(places)
        except DamagedIndex:
            return names
    return names


def _blocks(file: BinaryIO) -> Iterator[dict[str, tuple[int, int]]]:
    """Block by block, where in the file the entries begin and how long they are."""
    position = 0
    while True:
        file.seek(position)
        line = file.readline(_LONGEST)
        if not line:
            return
        base = position + len(line)
        try:
            found = json.loads(line.removeprefix(_PREFIX)) if line.startswith(_PREFIX) else {}
            places = {name: (base + begin, size) for name, (begin, size) in found.items() if begin >= 0 and size >= 0}
        except (ValueError, TypeError, AttributeError) as error:
            raise DamagedIndex("the file does not say where the entry is") from error
        if not places:
            raise DamagedIndex("the file does not say where the entry is")
        yield places
        position = max(begin + size for begin, size in places.values())
