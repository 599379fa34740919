"""Fixtures that every lane shares; the ones that start servers live in `tests/support/`."""

from pathlib import Path

import pytest

pytest_plugins = [
    "tests.support.fixtures",
    "tests.support.doors",
    "tests.support.imap",
    "tests.support.scores",
    "tests.support.web",
    "tests.support.agents",
    "tests.support.programs",
    "tests.support.authentication",
    "tests.support.matching",
    "tests.support.chromium",
    "tests.support.busy_desk",
    "tests.support.hooks",
    "tests.support.operator",
    "tests.support.oidc_provider",
    "tests.support.two_machines",
]

_SPREAD = 0.8  # of the other tests


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that start whole installations are spread over the rest, of which a last part remains for the end.

    Side by side they would take the processor from each other, and last of all one worker would sit over one while the
    others have nothing left to do.
    """
    others = [item for item in items if item.path.parent.name != "e2e"]
    files = dict.fromkeys(item.path for item in items if item.path.parent.name == "e2e")
    step = _SPREAD * len(others) / max(len(files), 1)
    place: dict[Path, float] = {path: number * step for number, path in enumerate(files)}
    place |= {item.path: number for number, item in reversed([*enumerate(others)])}  # a file is where its first is
    items.sort(key=lambda item: place[item.path])
