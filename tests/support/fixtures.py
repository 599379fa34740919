"""The shared fixtures: a clock, a spool, a database on every engine, a whole runtime with a real Valkey."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.engine import Database, sqlite_url
from gateway.db.migrate import migrate
from gateway.runtime import Runtime, open_runtime
from gateway.spool.store import Spool
from tests.support.clock import MovableClock
from tests.support.servers import PostgresServer, ValkeyServer
from tests.support.spare_databases import SpareDatabases

ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def spool(tmp_path: Path, clock: MovableClock) -> Iterator[Spool]:
    store = Spool(tmp_path / "spool", clock=clock)
    yield store
    store.close()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A Valkey of our own for the whole session."""
    with ValkeyServer(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def redis_url(valkey_server: ValkeyServer) -> str:
    """An empty Valkey."""
    valkey_server.client().flushall()
    return valkey_server.url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of our own for the whole session; skips, with the reason, where none can be had."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=ENGINES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a table, once on each engine."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "gateway.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at our schema, to be copied: migrating takes ten times as long."""
    path = tmp_path_factory.mktemp("migrated") / "gateway.db"
    _migrate(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def spare_databases(postgres_server: PostgresServer) -> SpareDatabases:
    """Such databases on PostgreSQL."""
    url = postgres_server.new_database()
    _migrate(url)
    return SpareDatabases(postgres_server, template=url)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own, once on each engine."""
    if request.param == "sqlite":
        yield sqlite_url(shutil.copyfile(request.getfixturevalue("migrated_sqlite"), tmp_path / "gateway.db"))
        return
    spare: SpareDatabases = request.getfixturevalue("spare_databases")
    url = spare.lend()
    yield url
    spare.take_back(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database, once on each engine."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str) -> Settings:
    """The demonstration project, with this test's own stores."""
    return load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": database_url,
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_SPOOL__MIN_FREE": "0",
            "GATEWAY_MAIL__CHECK_AUTHENTICATION": "false",  # the addresses of the tests are in nobody's DNS
        }
    )


@pytest.fixture
def runtime(settings: Settings, clock: MovableClock, database: Database) -> Iterator[Runtime]:
    """A whole runtime on a migrated database, once on each engine."""
    with open_runtime(settings, clock=clock) as opened:
        yield opened


def _migrate(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()
