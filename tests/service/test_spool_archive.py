"""The raw archive: by content, written once, the same however often it is kept, durable when it is settled."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import NotFound
from gateway.files import local as local_module
from gateway.files.local import LocalStore
from gateway.spool.archive import Archive
from gateway.spool.entry import DamagedEntry, Lane, SpoolEntry
from gateway.spool.store import Claims, Spool

MAIL = b"Subject: panne\r\n\r\nBonjour\r\n"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    (tmp_path / "drafts").mkdir()
    return Archive(LocalStore(tmp_path, drafts=tmp_path / "drafts"))


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


def test_keeping_writes_no_second_copy_of_a_large_mail(spool: Spool, archive: Archive, tmp_path: Path) -> None:
    with spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(spool.accept(Lane.MAIL, {}, b"x" * 70_000), 0)
        assert entry is not None
        archive.keep(entry)
        assert os.path.samefile(entry.path, tmp_path / "archive" / entry.sha256[:2] / entry.sha256)


def test_one_that_shares_its_file_with_others_is_kept_in_one_of_its_own(
    spool: Spool, archive: Archive, tmp_path: Path
) -> None:
    for _, done in [spool.submit(Lane.MAIL, {"number": number}, MAIL + b"%d" % number) for number in range(20)]:
        done.result()
    with spool.worker(Lane.MAIL) as claims:
        entries = [claims.claim(*waiting) for waiting in spool.waiting(Lane.MAIL)]
        shared = [entry for entry in entries if entry is not None and entry.shares_file]
        assert shared, "twenty entries that came at once shared no file"
        for entry in shared:
            archive.keep(entry)
            kept = tmp_path / "archive" / entry.sha256[:2] / entry.sha256
            assert archive.read(entry.sha256) == entry.payload
            assert kept.stat().st_nlink == 1
            assert kept.stat().st_size < 500
    assert not list((tmp_path / "drafts").iterdir())


def test_the_same_content_twice_is_kept_once_and_half_of_it_from_before_a_power_cut_is_replaced(
    spool: Spool, archive: Archive, tmp_path: Path
) -> None:
    with spool.worker(Lane.MAIL) as claims:
        first, second = claimed(spool, claims), claimed(spool, claims, {"peer": "192.0.2.1"})
        archive.keep(first)
        archive.keep(second)
        archive.keep(second)
        assert archive.read(first.sha256) == MAIL
        [kept] = (tmp_path / "archive" / first.sha256[:2]).iterdir()
        kept.unlink()
        kept.write_bytes(b"")
        archive.keep(second)
    assert archive.read(first.sha256) == MAIL
    assert not list((tmp_path / "drafts").iterdir())


def test_settling_syncs_what_was_kept_once_for_all(
    spool: Spool, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(local_module, "sync_filesystem", synced.append)
    archive.settle()
    assert synced == []
    with spool.worker(Lane.MAIL) as claims:
        archive.keep(claimed(spool, claims))
        archive.keep(claimed(spool, claims))
    archive.settle()
    archive.settle()
    assert synced == [tmp_path / "archive"]


def test_what_cannot_be_settled_is_said_and_tried_again(
    spool: Spool, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_folder: Path) -> None:
        raise OSError(5, "Input/output error")

    with spool.worker(Lane.MAIL) as claims:
        archive.keep(claimed(spool, claims))
    monkeypatch.setattr(local_module, "sync_filesystem", broken)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            archive.settle()


def test_a_full_disk_leaves_no_part_of_a_mail(
    spool: Spool, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_chunks: tuple[bytes, ...], path: Path) -> None:
        path.write_bytes(b"a par")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(local_module, "write_new", full)
    with spool.worker(Lane.MAIL) as claims:
        entry = replace(claimed(spool, claims), shares_file=True)
        with pytest.raises(OSError, match="No space"):
            archive.keep(entry)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size == 5] == []


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
