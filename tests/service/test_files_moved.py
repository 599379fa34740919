"""Moving between stores of files, holding one against the database, and files of a bucket in a backup."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from click.testing import CliRunner, Result

from gateway.admin.cli import cli
from gateway.config.files import FilesSettings
from gateway.config.load import Settings, load_settings
from gateway.db.engine import Database, sqlite_url
from gateway.db.receipts import find_receipts
from gateway.files.store import Kind, content_of, mail_name, settle_all, sound_name
from gateway.files.trying import store_faults
from gateway.jobs.drain import drain_lane
from gateway.runtime import Runtime, open_runtime
from gateway.services.backup import back_up
from gateway.services.copy_files import copy_files
from gateway.services.health import ask_everything
from gateway.services.restore import restore
from gateway.services.retention import apply_retention
from gateway.spool.entry import Lane
from inbound.filing import file_mail
from tests.support.clock import MovableClock
from tests.support.planted import BOB, accept, write
from tests.support.s3 import SECRET_KEY, S3Peer, s3_peer
from tests.support.s3_faults import reset

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SOUND = b"RIFF a sound"


@pytest.fixture
def peer() -> Iterator[S3Peer]:
    with s3_peer() as opened:
        yield opened


def on_bucket(settings: Settings, peer: S3Peer, **more: object) -> Settings:
    return settings.model_copy(update={"files": FilesSettings.model_validate(peer.settings(**more))})


@pytest.fixture
def far(settings: Settings, peer: S3Peer, clock: MovableClock, database: Database) -> Iterator[Runtime]:
    with open_runtime(on_bucket(settings, peer), clock=clock) as opened:
        yield opened


def file_some(runtime: Runtime, number: int = 3) -> list[str]:
    """File so many mails; their sums."""
    for one in range(number):
        accept(runtime, write(by=BOB, subject=f"x {one}", text="x", ident=f"{one}@c.example"), mail_from=BOB)
    assert drain_lane(Lane.MAIL, file_mail, runtime, deadline=monotonic() + 30).handled == number
    with runtime.database.reading() as connection:
        return [find_receipts(connection, f"{one}@c.example")[0].sha256 for one in range(number)]


def run(runtime: Runtime, peer: S3Peer, *arguments: str, store: str = "") -> Result:
    """A command of the operator's, on this runtime's stores."""
    environment = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(runtime.where.data),
        "GATEWAY_DATABASE_URL": str(runtime.database.url),
        **peer.environment(timeout="1", **({"store": store} if store else {})),
    }
    return CliRunner(env=environment).invoke(cli, arguments)


def test_files_move_to_a_bucket_and_back_and_each_is_held_against_its_sum(runtime: Runtime, peer: S3Peer) -> None:
    first, second, third = file_some(runtime)
    path = runtime.where.data / mail_name(third).key
    path.write_bytes(path.read_bytes()[:-1])
    done = run(runtime, peer, "files", "copy", "--to", "s3")
    assert (done.exit_code, done.stdout.partition(" bytes")[0].split(",")[0]) == (1, "2 files copied")
    assert done.stderr == f"{mail_name(third).key}: is not what its name says, and was left where it is\n"
    assert set(peer.objects) == {f"gateway/{mail_name(one).key}" for one in (first, second)}
    path.unlink()
    again = run(runtime, peer, "files", "copy", "--from", "local", "--to", "s3://kept/gateway/", store="local")
    assert (again.exit_code, again.stdout) == (0, "0 files copied, 0 bytes; 2 were there\n")
    shutil.rmtree(runtime.where.archive)
    assert run(runtime, peer, "files", "copy", "--from", "s3", "--to", "local").exit_code == 0
    assert runtime.archive.read(first)
    assert run(runtime, peer, "files", "copy", "--from", "s3", "--to", "s3://kept/gateway").exit_code == 65
    assert run(runtime, peer, "files", "copy", "--to", "s3", store="local").exit_code == 78
    assert run(runtime, peer, "files", "copy", "--to", "elsewhere").exit_code == 78


def test_a_copy_that_is_cut_off_goes_on_where_it_was(runtime: Runtime, far: Runtime, peer: S3Peer) -> None:
    sums = file_some(runtime, 4)
    runtime.files.put(sound_name("ab" * 32), content_of(SOUND))
    settle_all(runtime.files)
    peer.fault = lambda handler: handler.command == "PUT" and handler.key.endswith(max(sums)) and reset(handler)
    done = run(runtime, peer, "files", "copy", "--to", "s3")
    assert (done.exit_code, len(peer.objects)) == (75, 3)
    peer.fault = None
    peer.seen.clear()
    assert copy_files(runtime.files, far.files).damaged == [sound_name("ab" * 32).key]
    assert (len(peer.objects), peer.asked("PUT")) == (4, 1)


def test_what_is_missing_damaged_or_on_no_record_is_named(far: Runtime, peer: S3Peer) -> None:
    gone, damaged, _ = file_some(far)
    assert run(far, peer, "files", "check", "--read").stdout.startswith("all is well: 3 files")
    del peer.objects[f"gateway/{mail_name(gone).key}"]
    peer.objects[f"gateway/{mail_name(damaged).key}"].body += b"x"
    far.files.put(mail_name("ab" * 32), content_of(b"on no record"))
    settle_all(far.files)
    quick = run(far, peer, "files", "check", "--json")
    assert [json.loads(line) for line in quick.stdout.splitlines()] == [
        {"file": mail_name(gone).key, "fault": "missing"}
    ], "what was kept just now may be on record in a moment"
    peer.age(days=400)
    found = run(far, peer, "files", "check", "--read", "--json")
    assert found.exit_code == 1
    assert {(row["fault"], row["file"]) for row in map(json.loads, found.stdout.splitlines())} == {
        ("missing", mail_name(gone).key),
        ("damaged", mail_name(damaged).key),
        ("damaged", mail_name("ab" * 32).key),
        ("orphan", mail_name("ab" * 32).key),
    }


def test_retention_lets_go_of_what_is_over_in_a_bucket_though_a_copy_made_it_young(
    far: Runtime, peer: S3Peer, clock: MovableClock
) -> None:
    file_some(far)
    with far.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE tickets SET closed_at = updated_at")
    clock.move(days=364)
    _put_on(peer, clock, days=-2)
    assert "raw mail" not in apply_retention(far)
    clock.move(days=2)
    assert apply_retention(far)["raw mail"] == 3
    assert peer.objects == {}


def _put_on(peer: S3Peer, clock: MovableClock, *, days: int) -> None:
    for held in peer.objects.values():
        held.at = datetime.fromtimestamp(clock.now().timestamp() + days * 86400, UTC)


@pytest.mark.parametrize("with_bucket", [True, False])
def test_a_backup_holds_the_files_of_the_bucket_or_says_that_it_does_not(
    far: Runtime, peer: S3Peer, clock: MovableClock, tmp_path: Path, with_bucket: bool
) -> None:
    sums = file_some(far)
    backup = tmp_path / "backup"
    made = back_up(far.settings, backup, clock=clock, with_secrets=False, with_bucket=with_bucket)
    assert made.has_files is with_bucket
    assert len(list((backup / "archive").rglob("?" * 64))) == (3 if with_bucket else 0)
    kept = dict(peer.objects)
    peer.objects.clear()
    empty = {"data": tmp_path / "new", "database_url": None}
    restored = restore(far.settings.model_copy(update=empty), backup)
    assert restored.has_files is with_bucket
    assert set(peer.objects) == (set(kept) if with_bucket else set())
    assert not (tmp_path / "new" / "archive").exists()
    assert Database(sqlite_url(tmp_path / "new" / "gateway.db")).is_up()
    if with_bucket:
        assert far.archive.read(sums[0])


def test_an_operator_hears_what_is_wrong_with_the_bucket(settings: Settings, peer: S3Peer, database: Database) -> None:
    def asked(**more: object) -> tuple[list[str], str]:
        with open_runtime(on_bucket(settings, peer, timeout=1, **more)) as runtime:
            return store_faults(runtime.files), ask_everything(runtime)["files"]["state"]

    assert asked() == ([], "up")
    assert peer.objects == {}, "what was tried is gone"
    assert asked(secret_key=SECRET_KEY[:-1]) == (
        ["files.store: it refuses our keys, or gives them no right to list, read, write and delete (403)"],
        "down",
    )
    assert asked(store="s3://other/x") == (["files.store: there is no such bucket (404)"], "down")
    peer.fault = reset
    assert asked() == (["files.store: no answer (GenericError)"], "down")
    assert "files" not in ask_everything_of(settings), "there is nothing to ask where files are on the disk"
    assert load_settings({"GATEWAY_CONFIG": "/dev/null"}).files.store == "local"


def ask_everything_of(settings: Settings) -> list[str]:
    with open_runtime(settings) as runtime:
        assert list(runtime.files.listed(Kind.MAIL)) == []
        return list(ask_everything(runtime))
