"""Two machines that share a database, a Valkey and their keys, each with a spool of its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.config.load import Settings, load_settings
from gateway.runtime import Runtime, open_runtime
from gateway.services.machines import say_how_we_are
from gateway.up.roles import announce_role
from tests.support.clock import MovableClock

KEY = "a key of which every machine has a copy"
Pair = tuple[Runtime, Runtime]


@pytest.fixture
def pair(settings: Settings, tmp_path: Path, clock: MovableClock) -> Iterator[Pair]:
    """Two machines, with spools of their own and the same keys."""
    assert settings.database_url
    assert settings.redis_url
    shared = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATABASE_URL": settings.database_url.get_secret_value(),
        "GATEWAY_REDIS_URL": settings.redis_url.get_secret_value(),
        "GATEWAY_SPOOL__MIN_FREE": "0",
        "GATEWAY_SIGNING__KEY": KEY,
    }
    with ExitStack() as stack:
        one, two = (
            stack.enter_context(
                open_runtime(
                    load_settings({**shared, "GATEWAY_DATA": str(tmp_path / name), "GATEWAY_MACHINE": name}),
                    clock=clock,
                )
            )
            for name in ("mx1", "mx2")
        )
        yield one, two


def speak(*spoken: Runtime) -> None:
    """Let each say how it is."""
    for one in spoken:
        with announce_role(one.where.run, "timetable"):
            say_how_we_are(one)
