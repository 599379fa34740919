"""PostgreSQL as it is run for several machines: a primary, a standby that it waits for, and a failover."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest

from tests.support.servers import free_port
from tests.support.waiting import wait_for

_LOCALE = ("--no-locale", "--encoding=UTF8")


class PostgresPair:
    """Two servers on this machine. A commit is acknowledged by both, so it survives the loss of the first."""

    def __init__(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_basebackup"), key=lambda path: int(path.parts[-3]))
        if not found:
            pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
        self._bin = found[-1].parent
        self._folder = Path()
        self._ports = {"primary": free_port(), "standby": free_port()}

    @property
    def url(self) -> str:
        """The URL of the database on whichever of the two can be written."""
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in self._ports.values())
        return f"postgresql+psycopg://postgres@/gateway?{hosts}&target_session_attrs=read-write"

    def fail_over(self) -> None:
        """The primary's power is cut, and the standby takes its place."""
        self._run("pg_ctl", "-D", self._folder / "primary", "-m", "immediate", "stop")
        self._run("pg_ctl", "-D", self._folder / "standby", "-w", "promote")

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres")  # PostgreSQL refuses to run as root
        try:
            self._run("initdb", "-D", self._folder / "primary", "-A", "trust", "-U", "postgres", *_LOCALE)
            self._start("primary")
            with self._connect("primary") as connection:
                connection.execute("CREATE DATABASE gateway")
            self._follow()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in self._ports:
            subprocess.run(
                self._as_postgres("pg_ctl", "-D", self._folder / name, "-m", "immediate", "stop"),
                check=False,
                cwd="/",
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        shutil.rmtree(self._folder, ignore_errors=True)

    def _follow(self) -> None:
        where = f"host=127.0.0.1 port={self._ports['primary']} user=postgres application_name=standby"
        self._run("pg_basebackup", "-D", self._folder / "standby", "-d", where, "-R", "-c", "fast")
        self._start("standby")
        with self._connect("primary") as connection:
            # After the copy was made: the standby will have nobody to wait for.
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (standby)'")
            connection.execute("SELECT pg_reload_conf()")
            query = "SELECT sync_state FROM pg_stat_replication"
            wait_for(lambda: connection.execute(query).fetchall() == [("quorum",)], "the standby to count")

    def _start(self, name: str) -> None:
        options = (
            f"-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -p {self._ports[name]}"
        )
        data, log = self._folder / name, self._folder / f"{name}.log"
        self._run("pg_ctl", "-D", data, "-w", "-o", options, "-l", log, "start")

    def _connect(self, name: str) -> psycopg.Connection:
        where = f"host=127.0.0.1 port={self._ports[name]} user=postgres dbname=postgres"
        return psycopg.connect(where, autocommit=True)

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(self._as_postgres(program, *arguments), check=True, stdout=subprocess.DEVNULL, cwd="/")

    def _as_postgres(self, program: str, *arguments: object) -> list[str]:
        command = [str(self._bin / program), *map(str, arguments)]
        return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command
