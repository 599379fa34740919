"""One running installation for each kind of stores, shared by the tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installation import Installation
from tests.support.servers import PostgresServer, ValkeyServer


def installation_on(kind: str, folder: Path, request: pytest.FixtureRequest) -> Installation:
    """Embedded stores, or a PostgreSQL and a Redis of somebody else's."""
    if kind == "embedded":
        return Installation(folder)
    postgres: PostgresServer = request.getfixturevalue("postgres_server")
    valkey: ValkeyServer = request.getfixturevalue("valkey_server")
    valkey.client().flushall()
    return Installation(folder, GATEWAY_DATABASE_URL=postgres.new_database(), GATEWAY_REDIS_URL=valkey.url)


@pytest.fixture(scope="module", params=["embedded", pytest.param("servers", marks=pytest.mark.postgres)])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running installation with the demonstration project."""
    with installation_on(request.param, tmp_path_factory.mktemp("installation"), request) as running:
        yield running
        assert running.stop() == 0
