"""Fixtures that every lane shares; the ones that start servers live in `tests/support/`."""

pytest_plugins = ["tests.support.fixtures", "tests.support.doors", "tests.support.web"]
