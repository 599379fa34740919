"""An installation that tells two programs by webhooks, `DEMO/plain` the least and `DEMO/open` all there is."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.webhook_standing import list_webhooks
from gateway.domain.change import Change
from gateway.domain.ticket import Role
from gateway.notify.hook_deliver import send_webhooks
from gateway.notify.work_off import until
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from tests.support.outbox import file_and_acknowledge
from tests.support.receiver import Receiver

NINA = "nina@client.example"
SECRET, OLD = (f"whsec_{b64encode(byte * 32).decode()}" for byte in (b"n", b"o"))
ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def receivers() -> Iterator[list[Receiver]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Receiver()) for _ in range(2)]


@pytest.fixture
def hook_environment(tmp_path: Path, database_url: str, redis_url: str, receivers: list[Receiver]) -> dict[str, str]:
    usual = {"secret": SECRET, "private": True, "timeout": 0.3}
    plain = {"url": receivers[0].url, "previous_secret": OLD, **usual}
    whole = {"url": receivers[1].url, "detail": "words", "internal": True, **usual}
    project = {"name": "Demo", "addresses": ["support@demo.example"], "webhooks": {"plain": plain, "open": whole}}
    return {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(tmp_path / "var"),
        "GATEWAY_DATABASE_URL": database_url,
        "GATEWAY_REDIS_URL": redis_url,
        "GATEWAY_SPOOL__MIN_FREE": "0",
        "GATEWAY_MAIL__CHECK_AUTHENTICATION": "false",
        "GATEWAY_PROJECTS": json.dumps({"demo": project}),
    }


@pytest.fixture
def hook_settings(hook_environment: dict[str, str]) -> Settings:
    return load_settings(hook_environment)


@pytest.fixture
def hook_desk(runtime: Runtime) -> Runtime:
    """DEMO-1 of Marie's is to be told of, in two deliveries to each; Nina may change it."""
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=NINA, name="", now=runtime.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N1)
    file_and_acknowledge(runtime)
    return runtime


def act(runtime: Runtime, **change: Any) -> None:
    """Nina changes DEMO-1."""
    change_ticket(runtime, ref="DEMO-1", change=Change(**change), by=NINA)


def send(runtime: Runtime) -> int:
    """Send what is due; how many attempts were made."""
    return send_webhooks(runtime, goes_on=until(time.monotonic() + 5), chance=Random(1))


def told(receiver: Receiver) -> list[dict[str, Any]]:
    """What a receiver was told."""
    return [json.loads(body) for _, body in receiver.got]


def rows(runtime: Runtime, name: str) -> list[Any]:
    """The deliveries for a receiver, the oldest first."""
    with runtime.database.reading() as connection:
        found = list_webhooks(connection, limit=100)
    return [row for row in reversed(found) if row.endpoint == f"DEMO/{name}"]
