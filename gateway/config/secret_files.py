"""Secrets that we make ourselves at the first start, one file each under `secrets/`, readable by us alone."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def read_or_create(folder: Path, name: str) -> str:
    """The secret called `name`, made of 256 random bits at the first call. Two processes at once get the same."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    draft = folder / f".{name}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return path.read_text(encoding="ascii").strip()
