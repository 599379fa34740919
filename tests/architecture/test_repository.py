"""The repository's own rules: locks that install from anywhere, and files short enough to be read in one sitting."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
LONGEST = 300
"""Lines of a file that can still be read in one sitting."""

PIN = re.compile(r"(?P<name>[a-z0-9-]+)(\[[a-z0-9,-]+\])?==(?P<version>[^ ;\\]+)( ; [^\\]+)? \\")
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?")


def pins(lock: Path) -> dict[str, set[str]]:
    """Each name of a lock with its versions (more than one where platforms or Pythons differ)."""
    found: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if match := PIN.fullmatch(line):
            found.setdefault(match["name"], set()).add(match["version"])
    return found


def test_there_is_a_lock_to_run_and_one_to_develop() -> None:
    assert [lock.name for lock in LOCKS] == ["dev.txt", "run.txt"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_is_only_pinned_names_and_hashes(lock: Path) -> None:
    """So no index host, no local path and no option of the machine that made it can be in it."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not PIN.fullmatch(line) and not HASH.fullmatch(line)] == []


def test_what_is_tested_is_what_runs() -> None:
    run, dev = pins(ROOT / "requirements/run.txt"), pins(ROOT / "requirements/dev.txt")
    assert {name: versions for name, versions in run.items() if dev.get(name) != versions} == {}


def test_no_file_of_the_packages_is_longer_than_can_be_read() -> None:
    """Migrations are left out: a revision that shipped is never cut up. Tests may be long tables."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("gateway", "inbound", "telephony", "web", "bench", "deploy", ".ci")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    }
    assert lengths
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}
