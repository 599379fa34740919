"""PostgreSQL is put back to a moment by the pieces of deploy/postgresql, and no mail is lost by it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from gateway.config.load import load_settings
from gateway.db.engine import Database
from gateway.db.migrate import migrate
from gateway.runtime import Runtime, open_runtime
from tests.support.installation import mail
from tests.support.operator import Operator
from tests.support.planted import accept, drain
from tests.support.servers import PostgresServer
from tests.support.waiting import wait_for

PIECES = Path(__file__).resolve().parents[2] / "deploy" / "postgresql"

pytestmark = pytest.mark.postgres


class ArchivingPostgres(PostgresServer):
    """A server whose log is kept by our pieces, with this folder in the place of theirs."""

    @property
    def wal(self) -> Path:
        return self._folder / "wal"

    @property
    def base(self) -> Path:
        return self._folder / "base"

    def start(self) -> None:
        # Copies that the server's user can read, wherever the checkout is.
        scripts = self._folder / "pieces"
        if not scripts.exists():
            shutil.copytree(PIECES, scripts)
            self.wal.mkdir()
            if os.geteuid() == 0:
                shutil.chown(self.wal, "postgres")
            text = (PIECES / "archive.conf").read_text()
            text = text.replace("/opt/gateway/deploy/postgresql", str(scripts)).replace(
                "/var/backups/gateway", str(self._folder)
            )
            with (self._data / "postgresql.conf").open("a") as configuration:
                configuration.write(text)
        super().start()

    def take_base_backup(self) -> None:
        self._run(self._bin / "pg_basebackup", "-h", self._folder, "-U", "postgres", f"--pgdata={self.base}",
                  "--wal-method=none", "--checkpoint=fast")  # fmt: skip

    def recover(self, moment: str) -> None:
        """The machine burned down; its base backup and its log are elsewhere."""
        self.stop()
        shutil.rmtree(self._data)
        self._run("sh", self._folder / "pieces" / "recover.sh", self.base, self._data, self.wal, moment)
        self.start()
        wait_for(lambda: not self.ask("SELECT pg_is_in_recovery()"), "the server to take up its work")

    def ask(self, query: str) -> object:
        with psycopg.connect(f"host={self._folder} user=postgres dbname=postgres", autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def keep_everything(self) -> None:
        last = self.ask("SELECT pg_walfile_name(pg_switch_wal())")
        wait_for((self.wal / str(last)).exists, "the log to be kept")


@pytest.fixture
def server() -> Iterator[ArchivingPostgres]:
    with ArchivingPostgres() as started:
        yield started


@pytest.fixture
def archived(server: ArchivingPostgres, tmp_path: Path, redis_url: str) -> Iterator[Runtime]:
    url = server.new_database()
    database = Database(url)
    migrate(database)
    database.close()
    settings = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": url,
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_SPOOL__MIN_FREE": "0",
            "GATEWAY_MAIL__CHECK_AUTHENTICATION": "false",
        }
    )
    with open_runtime(settings) as runtime:
        yield runtime


def subjects(runtime: Runtime) -> list[str]:
    """Asked by a connection of its own: the pool's belong to a server that is gone."""
    url = make_url(runtime.database.url)
    with psycopg.connect(f"host={url.query['host']} user=postgres dbname={url.database}") as connection:
        rows = connection.execute("SELECT subject FROM tickets ORDER BY id").fetchall()
    return [re.sub(r"\D", "", str(row[0])) for row in rows]


def test_what_came_before_the_moment_is_there_and_later_mail_can_be_filed_anew(
    server: ArchivingPostgres, archived: Runtime, tmp_path: Path
) -> None:
    accept(archived, mail(1), mail_from="marie@client.example")
    drain(archived)
    server.take_base_backup()
    accept(archived, mail(2, sender="bob@client.example"), mail_from="bob@client.example")
    drain(archived)
    moment = str(server.ask("SELECT clock_timestamp()"))
    passed = datetime.now(UTC).timestamp()
    accept(archived, mail(3, sender="zoe@client.example"), mail_from="zoe@client.example")
    drain(archived)
    assert subjects(archived) == ["1", "2", "3"]
    server.keep_everything()

    server.recover(moment)
    assert subjects(archived) == ["1", "2"]

    operator = Operator(
        environment={
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": str(archived.database.url),
            "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
            "GATEWAY_SPOOL__MIN_FREE": "0",
        }
    )
    kept = [path for path in (tmp_path / "var" / "archive").rglob("*") if path.is_file()]
    later = [str(path) for path in kept if path.stat().st_mtime >= passed]
    assert len(later) == 1
    # All of them, to see that what is on record is told from what is not.
    operator.says("ingest", "--to", "support@demo.example", *map(str, kept))
    drain(archived)
    assert subjects(archived) == ["1", "2", "3"]


def test_a_piece_that_is_another_is_never_overwritten(tmp_path: Path) -> None:
    piece, kept = tmp_path / "piece", tmp_path / "kept"
    piece.write_bytes(b"one")
    keep = ["sh", str(PIECES / "keep-wal.sh"), str(piece), str(kept)]
    assert subprocess.run(keep, check=False).returncode == 0
    assert subprocess.run(keep, check=False).returncode == 0, "the server asks twice after a crash"
    piece.write_bytes(b"two")
    assert subprocess.run(keep, check=False).returncode != 0
    assert kept.read_bytes() == b"one"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [("data", "is not empty"), ("base", "is no base backup"), ("moment", "cannot be in these names")],
)
def test_recovery_refuses_what_would_harm(tmp_path: Path, spoil: str, said: str) -> None:
    base, data = tmp_path / "base", tmp_path / "data"
    base.mkdir()
    data.mkdir()
    if spoil != "base":
        (base / "backup_label").touch()
    if spoil == "data":
        (data / "PG_VERSION").touch()
    moment = "now'; x" if spoil == "moment" else "2026-11-24 14:05:00+01"
    words = ["sh", str(PIECES / "recover.sh"), str(base), str(data), str(tmp_path), moment]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert said in done.stderr
    assert not (data / "recovery.signal").exists()
