"""Entries accepted together share one file, and nobody who works with them notices."""

import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from gateway.spool import store as store_module
from gateway.spool.entry import DamagedEntry, Lane, encode_entry
from gateway.spool.flush import DurableWrite, Logs, flush_batch
from gateway.spool.shared import read_part
from gateway.spool.store import Spool

IDS = [f"1k107qps900qrx25r7p6{char}" for char in "abc"]
SMALL, LARGE = b"x" * 5_000, b"y" * 70_000


def a_batch(root: Path, payloads: list[bytes]) -> list[DurableWrite]:
    lane = root / "mail"
    return [
        DurableWrite(
            chunks=(encode_entry({"number": number}, payload)[0], payload),
            draft=lane / "tmp" / f"{IDS[number]}.0",
            final=lane / "new" / f"{IDS[number]}.0",
            done=Future(),
        )
        for number, payload in enumerate(payloads)
    ]


@pytest.fixture
def together(spool: Spool, tmp_path: Path) -> Path:
    """The lane with three entries in one file, their ids being IDS; payloads `a0`, `a1`, `a2`."""
    batch = a_batch(tmp_path / "spool", [b"a0", b"a1", b"a2"])
    flush_batch(batch, Logs())
    assert [write.done.exception() for write in batch] == [None] * 3
    return tmp_path / "spool" / "mail"


def inodes(folder: Path) -> list[int]:
    return [path.stat().st_ino for path in sorted(folder.iterdir())]


@pytest.mark.parametrize(
    ("payloads", "files"),
    [([SMALL], 1), ([SMALL, SMALL], 1), ([SMALL, b"", SMALL], 1), ([SMALL, LARGE, SMALL], 2), ([LARGE, LARGE], 2)],
)
def test_small_entries_of_a_batch_share_a_file_and_large_ones_do_not(
    spool: Spool, tmp_path: Path, payloads: list[bytes], files: int
) -> None:
    batch = a_batch(tmp_path / "spool", payloads)
    flush_batch(batch, Logs())
    assert [write.done.result() for write in batch] == [None] * len(payloads)
    assert len(set(inodes(tmp_path / "spool" / "mail" / "new"))) == files
    assert not list((tmp_path / "spool" / "mail" / "tmp").iterdir())
    with spool.worker(Lane.MAIL) as claims:
        entries = [claims.claim(*waiting) for waiting in spool.waiting(Lane.MAIL)]
    assert [(entry.envelope["number"], entry.payload) for entry in entries if entry] == list(enumerate(payloads))


def test_an_entry_is_claimed_and_finished_and_the_others_stay(spool: Spool, together: Path) -> None:
    with spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(IDS[1], 0)
        assert entry is not None
        assert (entry.payload, entry.shares_file) == (b"a1", True)
        claims.finish(entry)
        assert [path.stat().st_nlink for path in (together / "new").iterdir()] == [3, 3]
        other = claims.claim(IDS[2], 0)
        assert other is not None
        claims.put_back(other, uncounted=True)
    assert spool.waiting(Lane.MAIL) == [(IDS[0], 0), (IDS[2], 0)]


def test_what_is_put_aside_gets_a_file_of_its_own(spool: Spool, together: Path) -> None:
    with spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(IDS[1], 0)
        assert entry is not None
        claims.quarantine(entry.id, entry.attempts, "poison")
    path = together / "quarantine" / f"{IDS[1]}.1"
    assert path.stat().st_nlink == 1
    assert read_part(path, IDS[1]) == (encode_entry({"number": 1}, b"a1")[0] + b"a1", False)
    assert spool.quarantine.find(IDS[1]).payload == b"a1"
    assert not list((together / "tmp").iterdir())


def test_a_disk_without_room_for_that_file_keeps_the_entry(
    spool: Spool, together: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_chunks: tuple[bytes, ...], path: Path) -> None:
        path.write_bytes(b"a par")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module, "write_durably", full)
    with spool.worker(Lane.MAIL) as claims:
        assert claims.claim(IDS[0], 0) is not None
        with pytest.raises(OSError, match="No space"):
            claims.quarantine(IDS[0], 1, "poison")
    assert spool.waiting(Lane.MAIL) == [(IDS[0], 1), (IDS[1], 0), (IDS[2], 0)]
    assert not list((together / "tmp").iterdir())


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b"{", b"[", 1),
        lambda content: content.replace(IDS[0].encode(), IDS[0][::-1].encode(), 1),
        lambda content: content.replace(b"[0,", b"[1,", 1),
        lambda content: content.replace(b"[0,", b"[-9999,", 1),
        lambda content: content[: content.find(b"\r\n") + 9],
    ],
)
def test_a_damaged_shared_file_is_a_damaged_entry(
    spool: Spool, together: Path, change: Callable[[bytes], bytes]
) -> None:
    path = together / "new" / f"{IDS[0]}.0"
    path.write_bytes(change(path.read_bytes()))
    with spool.worker(Lane.MAIL) as claims:
        with pytest.raises(DamagedEntry):
            claims.claim(IDS[0], 0)
        claims.quarantine(IDS[0], 1, "damaged")
    assert [entry.id for entry in spool.quarantine.list(Lane.MAIL)] == [IDS[0]]


@pytest.mark.parametrize("names", [0, 1, 2])
def test_where_a_file_cannot_have_so_many_names_the_rest_have_files_of_their_own(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: int
) -> None:
    real, given = os.link, []

    def link(source: Path, target: Path) -> None:
        if len(given) == names:
            raise OSError(31, "Too many links")
        given.append(target)
        real(source, target)
        target.rename(target.with_suffix(".1"))  # a worker is quick

    monkeypatch.setattr(os, "link", link)
    batch = a_batch(tmp_path / "spool", [b"a0", b"a1", b"a2"])
    flush_batch(batch, Logs())
    assert [write.done.exception() for write in batch] == [None] * 3
    assert spool.waiting(Lane.MAIL) == [(spool_id, int(n < names)) for n, spool_id in enumerate(IDS)]
    assert not list((tmp_path / "spool" / "mail" / "tmp").iterdir())
