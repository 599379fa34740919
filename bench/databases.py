"""The databases to file into: SQLite, and PostgreSQL where this machine has one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

import pytest
from sqlalchemy import make_url

from tests.support.servers import PostgresServer


class Store(Protocol):
    """A kind of database. Each call makes a new, empty one."""

    name: str

    def new_settings(self) -> dict[str, str]:
        """The gateway's settings for it, without their prefix."""

    def new_peer_arguments(self) -> list[str]:
        """What `peer_helpdesk.py` is told of it."""


class Sqlite:
    """A file in the data folder."""

    name = "SQLite"

    def new_settings(self) -> dict[str, str]:
        """The default."""
        return {}

    def new_peer_arguments(self) -> list[str]:
        """The default."""
        return []


class Postgres:
    """A server of our own."""

    name = "PostgreSQL"

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    def new_settings(self) -> dict[str, str]:
        """A new database."""
        return {"DATABASE_URL": self._server.new_database()}

    def new_peer_arguments(self) -> list[str]:
        """A new database."""
        url = make_url(self._server.new_database())
        return [str(url.database), str(url.query["host"])]


class _DurablePostgres(PostgresServer):
    """The tests' server, but with its syncs."""

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self._folder}"
        self._run(self._bin / "pg_ctl", "-D", self._data, "-w", "-o", options, "-l", self._folder / "log", "start")


@dataclass(frozen=True, kw_only=True)
class Databases:
    """The kinds there are; `why_not` says why PostgreSQL is not among them."""

    sqlite: Sqlite
    postgres: Postgres | None
    why_not: str

    def stores(self) -> list[Store]:
        """All of them."""
        return [self.sqlite, self.postgres] if self.postgres else [self.sqlite]


@contextmanager
def databases() -> Iterator[Databases]:
    """The kinds that can be had, until the end of the block."""
    with ExitStack() as stack:
        postgres, why_not = None, ""
        try:
            postgres = Postgres(stack.enter_context(_DurablePostgres()))
        except (pytest.skip.Exception, OSError) as error:
            why_not = str(error)
        yield Databases(sqlite=Sqlite(), postgres=postgres, why_not=why_not)
