"""A backup that is taken while the gateway works gives the same tickets, calls and files on an empty machine."""

import json
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.copying import copy_database
from gateway.db.engine import sqlite_url
from gateway.db.receipts import find_receipts
from gateway.errors import Conflict, Refused
from gateway.runtime import Runtime, open_runtime
from gateway.services.backup import back_up
from gateway.services.restore import restore
from gateway.spool.entry import Lane, parse_file_name, read_content
from tests.support.clock import MovableClock
from tests.support.installation import mail
from tests.support.operator import Operator
from tests.support.planted import BOB, MARIE, SOUND, accept, drain, plant
from tests.support.rows import content
from tests.support.servers import PostgresServer


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Another, empty machine."""

    settings: Settings


@pytest.fixture
def machine(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Machine:
    assert settings.database_url is not None
    assert settings.redis_url is not None
    url = sqlite_url(tmp_path / "other" / "gateway.db")
    if settings.database_url.get_secret_value().startswith("postgres"):
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.new_database()
    environment = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(tmp_path / "other"),
        "GATEWAY_DATABASE_URL": url,
        "GATEWAY_REDIS_URL": settings.redis_url.get_secret_value(),
        "GATEWAY_SPOOL__MIN_FREE": "0",
        "GATEWAY_MAIL__CHECK_AUTHENTICATION": "false",
    }
    return Machine(settings=load_settings(environment))


def files(root: Path, *names: str) -> dict[str, bytes]:
    """The content of files by their path; of an entry its own, where it shares its file."""
    return {
        str(path.relative_to(root)): own_content(path)
        for name in names
        for path in (root / name).rglob("*")
        if path.is_file() and ".lock" not in path.name
    }


def own_content(path: Path) -> bytes:
    parsed = parse_file_name(path.name)
    return path.read_bytes() if parsed is None else read_content(path, parsed[0])[0]


@pytest.mark.parametrize("form", ["folder", "backup.tar.gz"])
def test_a_restored_machine_has_the_same_tickets_calls_and_files(
    runtime: Runtime, machine: Machine, clock: MovableClock, tmp_path: Path, form: str
) -> None:
    plant(runtime)
    waiting = accept(runtime, mail(99), mail_from=MARIE)
    path = tmp_path / form
    back_up(runtime.settings, path, clock=clock, with_secrets=True)
    assert path.stat().st_mode & 0o077 == 0
    restore(machine.settings, path)
    with runtime.database.reading() as connection:
        before = content(connection)
    with open_runtime(machine.settings, clock=clock) as other:
        with other.database.reading() as connection:
            assert content(connection) == before
        places = ("archive", "messages", "sent", "secrets", "spool/mail/new", "spool/mail/quarantine")
        assert files(other.where.data, *places) == files(runtime.where.data, *places)
        assert f"messages/ab/{SOUND}.wav" in files(other.where.data, "messages")
        drain(other)
        with other.database.reading() as connection:
            assert [receipt.verdict for receipt in find_receipts(connection, waiting)] == ["filed"]


def test_nothing_accepted_is_lost_while_a_backup_is_taken(
    runtime: Runtime, machine: Machine, clock: MovableClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is filed just after the database was copied is in the copy all the same, and files there again."""
    accepted = [accept(runtime, mail(number), mail_from=BOB) for number in range(6)]

    def copy_then_work(*arguments: Any) -> Path:
        copied = copy_database(*arguments)
        drain(runtime)
        return copied

    monkeypatch.setattr("gateway.services.backup.copy_database", copy_then_work)
    back_up(runtime.settings, tmp_path / "copy", clock=clock, with_secrets=False)
    restore(machine.settings, tmp_path / "copy")
    with open_runtime(machine.settings, clock=clock) as other:
        drain(other)
        with other.database.reading() as connection:
            assert all(len(find_receipts(connection, spool_id)) == 1 for spool_id in accepted)
        assert other.spool.depth(Lane.MAIL).waiting == 0


on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_one_database
def test_a_backup_is_put_back_onto_an_empty_machine_only(
    runtime: Runtime, machine: Machine, clock: MovableClock, tmp_path: Path
) -> None:
    back_up(runtime.settings, tmp_path / "copy", clock=clock, with_secrets=False)
    with pytest.raises(Conflict, match="there are files in it"):
        restore(runtime.settings, tmp_path / "copy")
    restore(machine.settings, tmp_path / "copy")
    with pytest.raises(Conflict):
        restore(machine.settings, tmp_path / "copy")
    with pytest.raises(Refused, match="is there already"):
        back_up(runtime.settings, tmp_path / "copy", clock=clock, with_secrets=False)


@on_one_database
def test_a_database_that_is_not_empty_is_not_written_over(
    runtime: Runtime, clock: MovableClock, tmp_path: Path
) -> None:
    back_up(runtime.settings, tmp_path / "copy", clock=clock, with_secrets=False)
    shutil.rmtree(runtime.where.data)
    with pytest.raises(Conflict, match="the database is not empty"):
        restore(runtime.settings, tmp_path / "copy")


@on_one_database
@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda copy: (copy / "database.sqlite").write_bytes(b"x"), "do not have their sum"),
        (lambda copy: next((copy / "archive").rglob("?" * 64)).unlink(), "not whole"),
        (lambda copy: (copy / "more").touch(), "not whole"),
        (lambda copy: (copy / "manifest.json").unlink(), "never finished"),
        (lambda copy: change(copy, revision="9999"), "of a later release"),
        (lambda copy: change(copy, database="postgresql"), "of a postgresql database"),
        (lambda copy: change(copy, format=2), "has format 2"),
    ],
)
def test_a_backup_that_cannot_be_used_is_refused_before_anything_is_written(
    runtime: Runtime, machine: Machine, clock: MovableClock, tmp_path: Path, damage: object, sentence: str
) -> None:
    accept(runtime, mail(1), mail_from=MARIE)
    drain(runtime)
    back_up(runtime.settings, tmp_path / "copy", clock=clock, with_secrets=False)
    damage(tmp_path / "copy")  # type: ignore[operator]  # narrower than its stub says
    with pytest.raises(Refused, match=sentence):
        restore(machine.settings, tmp_path / "copy")
    assert not (tmp_path / "other").exists()


def change(copy: Path, **values: object) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | values))


@on_one_database
def test_the_commands_say_what_they_did_and_what_is_left_to_do(
    operator: Operator, runtime: Runtime, machine: Machine, tmp_path: Path
) -> None:
    plant(runtime)
    told = operator.says("backup", str(tmp_path / "copy"))
    assert told.startswith(f"{tmp_path / 'copy'}: ")
    assert told.endswith("without the secrets\n")
    environment = {"GATEWAY_DATA": str(tmp_path / "other"), "GATEWAY_DATABASE_URL": sqlite_url(tmp_path / "new.db")}
    done = operator.run("restore", str(tmp_path / "copy"), **environment)
    assert done.exit_code == 0, done.stderr
    assert "the backup holds no secrets" in done.stdout
    assert not (tmp_path / "other" / "secrets").exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["../beside", "/tmp/beside", "a/../../beside", "link"])
def test_an_archive_that_reaches_out_of_its_folder_is_refused(machine: Machine, tmp_path: Path, name: str) -> None:
    path = tmp_path / "backup.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = (tarfile.SYMTYPE, "/etc") if name == "link" else (tarfile.REGTYPE, "")
        archive.addfile(member)
    with pytest.raises(Refused, match="is neither a file nor a folder below"):
        restore(machine.settings, path)
