"""Fixtures for the mail door: settings by keyword, on both event loops that it runs on in production."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.config.load import load_settings
from gateway.ids import SpoolId
from gateway.mail.envelope import MailEnvelope
from gateway.runtime import Runtime, open_runtime
from gateway.spool.entry import Lane, SpoolEntry
from tests.support.clock import MovableClock
from tests.support.servers import free_port
from tests.support.smtp import RunningDoor, running_door

OpenDoor = Callable[..., RunningDoor]


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_factory(request: pytest.FixtureRequest) -> Callable[[], asyncio.AbstractEventLoop]:
    if request.param == "asyncio":
        return asyncio.new_event_loop
    uvloop = pytest.importorskip("uvloop", reason="the extra `fast` is not installed")
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


@pytest.fixture
def open_door(
    tmp_path: Path, clock: MovableClock, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> Iterator[OpenDoor]:
    """Opens a door with settings such as `GATEWAY_SMTP__MAX_SIZE="100000"`. Redis is away unless a URL is given."""
    with ExitStack() as stack:

        def opened(*, prepare: Callable[[Runtime], object] | None = None, **environment: str) -> RunningDoor:
            settings = load_settings(
                {
                    "GATEWAY_CONFIG": "/dev/null",
                    "GATEWAY_DATA": str(tmp_path / "var"),
                    "GATEWAY_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
                    "GATEWAY_SPOOL__MIN_FREE": "0",
                    "GATEWAY_SMTP__PORT": "0",
                    "GATEWAY_LMTP__PORT": "0",
                    **environment,
                }
            )
            runtime = stack.enter_context(open_runtime(settings, clock=clock))
            if prepare is not None:
                prepare(runtime)
            return stack.enter_context(running_door(runtime, loop_factory))

        yield opened


def kept(runtime: Runtime) -> list[tuple[MailEnvelope, SpoolEntry]]:
    """Every mail in the spool, oldest first, read as a worker reads it; it waits again afterwards."""
    with runtime.spool.worker(Lane.MAIL) as claims:
        entries = [claims.claim(spool_id, attempts) for spool_id, attempts in runtime.spool.waiting(Lane.MAIL)]
    found = [entry for entry in entries if entry is not None]
    return [(MailEnvelope.from_json(entry.envelope), entry) for entry in found]


def accepted_id(reply: str) -> SpoolId:
    """The spool id in a 250 to DATA."""
    assert reply.startswith("250 2.0.0 Accepted as "), reply
    return SpoolId(reply.rpartition(" ")[2])
