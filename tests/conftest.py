"""Fixtures that every lane shares; the ones that start servers live in `tests/support/`."""

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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first, so that no worker still sits over one when the others have nothing left to do."""
    items.sort(key=lambda item: item.path.parent.name != "e2e")
