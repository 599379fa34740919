"""What is left of the planted person, in files and in tables."""

import base64
import re
from pathlib import Path

from gateway.runtime import Runtime
from tests.support.planted import MARKERS
from tests.support.rows import content

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{12,}(?:\r?\n[A-Za-z0-9+/]+)*={0,2}")


def left_in_files(folder: Path) -> list[str]:
    """The files below a folder in which something of Marie is, also inside of base64 and quoted-printable."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        raw = path.read_bytes()
        said = [raw, re.sub(rb"=\r?\n", b"", raw)]
        blocks = [re.sub(rb"[\r\n=]", b"", block) for block in _BASE64.findall(raw)]
        said += [base64.b64decode(block[: len(block) // 4 * 4]) for block in blocks]
        text = b"\n".join(said).lower()
        text += re.sub(rb"[ .]", b"", text)
        found += [f"{path.relative_to(folder)}: {marker!r}" for marker in MARKERS if marker in text]
    return found


def left_in_tables(runtime: Runtime) -> list[str]:
    """The tables in which something of Marie is, with the words around it."""
    with runtime.database.reading() as connection:
        rows = content(connection)
    dumps = {name: repr(found).lower().encode() for name, found in rows.items()}
    return [
        f"{name}: {dump[dump.find(marker) - 80 :][:160]!r}"
        for name, dump in dumps.items()
        for marker in MARKERS
        if marker in dump + re.sub(rb"[ .]", b"", dump)
    ]
