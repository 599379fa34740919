"""The raw archive: by content, written once, the same however often it is kept."""

import os
from pathlib import Path

import pytest

from gateway.errors import NotFound
from gateway.spool import archive as archive_module
from gateway.spool.archive import Archive
from gateway.spool.entry import DamagedEntry, Lane, SpoolEntry
from gateway.spool.store import Claims, Spool

MAIL = b"Subject: panne\r\n\r\nBonjour\r\n"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    (tmp_path / "archive").mkdir()
    return Archive(tmp_path / "archive")


def claimed(spool: Spool, claims: Claims, envelope: dict[str, str] | None = None) -> SpoolEntry:
    entry = claims.claim(spool.accept(Lane.MAIL, envelope or {}, MAIL), 0)
    assert entry is not None
    return entry


def test_a_kept_payload_is_read_back_after_the_entry_is_finished(spool: Spool, archive: Archive) -> None:
    with spool.worker(Lane.MAIL) as claims:
        entry = claimed(spool, claims)
        archive.keep(entry)
        claims.finish(entry)
    assert archive.read(entry.sha256) == MAIL


def test_keeping_writes_no_second_copy(spool: Spool, archive: Archive, tmp_path: Path) -> None:
    with spool.worker(Lane.MAIL) as claims:
        entry = claimed(spool, claims)
        archive.keep(entry)
        assert os.path.samefile(entry.path, tmp_path / "archive" / entry.sha256[:2] / entry.sha256)


def test_the_same_content_twice_is_kept_once_and_made_durable_twice(
    spool: Spool, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = archive_module.sync_folder
    monkeypatch.setattr(archive_module, "sync_folder", lambda path: (synced.append(path.name), real(path)))
    with spool.worker(Lane.MAIL) as claims:
        first, second = claimed(spool, claims), claimed(spool, claims, {"peer": "192.0.2.1"})
        archive.keep(first)
        archive.keep(second)
        archive.keep(second)
    assert synced.count(first.sha256[:2]) == 3
    assert archive.read(first.sha256) == MAIL


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "0" * 63, "0" * 64, "." * 64])
def test_what_is_not_there_is_not_found(archive: Archive, sha256: str) -> None:
    with pytest.raises(NotFound):
        archive.read(sha256)


def test_a_damaged_file_is_never_handed_out(spool: Spool, archive: Archive, tmp_path: Path) -> None:
    with spool.worker(Lane.MAIL) as claims:
        entry = claimed(spool, claims)
        archive.keep(entry)
        claims.finish(entry)
    path = tmp_path / "archive" / entry.sha256[:2] / entry.sha256
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedEntry):
        archive.read(entry.sha256)
