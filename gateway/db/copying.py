"""Copying the whole database out and in again, by the means that each kind has for it.

SQLite: its online backup, which sees one state however much is written meanwhile. PostgreSQL: `pg_dump` and
`pg_restore` of the same or a later version than the server's.
"""

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import URL

from gateway.db.engine import Database
from gateway.errors import Deferred, Misconfigured

COPY = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
"""The name of the copy, by the kind of database."""

_TOOLS = Path("/usr/lib/postgresql")


def copy_database(database: Database, folder: Path) -> Path:
    """Copy the database as it is at one moment into the folder. Raises Misconfigured, Deferred."""
    target = folder / COPY[database.url.get_backend_name()]
    if database.url.get_backend_name() == "sqlite":
        source = sqlite3.connect(str(database.url.database))
        copy = sqlite3.connect(target)
        try:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        finally:
            copy.close()
            source.close()
    else:
        _run(database.url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    return target


def put_database(database: Database, folder: Path) -> None:
    """Put a copy into an empty database. Raises Misconfigured, Deferred; PostgreSQL's is left empty by a failure."""
    source = folder / COPY[database.url.get_backend_name()]
    if database.url.get_backend_name() == "sqlite":
        target = Path(str(database.url.database))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o600)
    else:
        name = f"--dbname={database.url.database}"
        _run(database.url, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", name, str(source))


def is_empty(database: Database) -> bool:
    """True where there is no table. An SQLite database that is no file yet stays none."""
    if database.url.get_backend_name() == "sqlite" and not Path(str(database.url.database)).exists():
        return True
    with database.reading() as connection:
        return not inspect(connection).get_table_names()


def _run(url: URL, tool: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools on this database; the password goes by environment, which no `ps` shows."""
    program = shutil.which(tool) or _newest(tool)
    if program is None:
        raise Misconfigured([f"{tool} is needed: install postgresql-client, of the server's version or later"])
    options = {
        f"PG{name.upper()}": str(value) for name, value in url.query.items() if name in {"host", "port", "sslmode"}
    }
    known = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    environment = {**os.environ, **options, **{name: str(value) for name, value in known.items() if value}}
    environment["PGDATABASE"] = str(url.database)
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, check=False)  # noqa: S603  # programs of ours
    if done.returncode != 0:
        raise Deferred(f"{tool}: {done.stderr.decode(errors='replace').strip()[-500:]}")


def _newest(tool: str) -> str | None:
    found = sorted(_TOOLS.glob(f"*/bin/{tool}"), key=lambda path: int(path.parts[-3]))
    return str(found[-1]) if found else None
