"""One file for several entries: a first line says where each begins, then they follow, each in its own form.

Entries that were accepted together share a file under several names, because making one file durable costs no
more than making fifty. The line is cut off by position, as the envelope's is, so no payload can forge it.
"""

import json
from collections.abc import Mapping
from pathlib import Path

_PREFIX = b"X-Gateway-Shared: v1 "


class DamagedIndex(ValueError):
    """The first line of a shared file does not say where the entry is."""


def shared_head(sizes: Mapping[str, int]) -> bytes:
    """The first line of a file that holds the entries of these names and sizes (bytes), in this order."""
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
        line = file.readline()
        try:
            begin, size = json.loads(line)[name]
            file.seek(len(_PREFIX) + len(line) + begin)
        except (ValueError, LookupError, TypeError) as error:
            raise DamagedIndex("the file does not say where the entry is") from error
        return file.read(size), True
