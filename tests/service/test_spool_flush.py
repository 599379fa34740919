"""The shared flush: many writes, one sync, and none of them the other's hostage."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import pytest

from gateway.spool import flush
from gateway.spool import log as log_module
from gateway.spool.entry import Lane
from gateway.spool.flush import DurableWrite, Flusher, Logs, flush_batch
from gateway.spool.shared import read_part
from gateway.spool.store import Spool, SpoolFull
from tests.support.clock import MovableClock

MIB = 1024 * 1024
LARGE = b"y" * 70_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("tmp", "log", "new", "claimed", "quarantine"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def logs() -> Iterator[Logs]:
    opened = Logs()
    yield opened
    opened.retire()


def a_write(folder: Path, name: str, *chunks: bytes) -> DurableWrite:
    return DurableWrite(chunks=chunks, draft=folder / "tmp" / name, final=folder / "new" / name, done=Future())


def files(folder: Path) -> dict[str, bytes]:
    """What each name stands for, whether its file is its own or shared."""
    return {
        path.name: read_part(path, path.stem)[0] for path in [*(folder / "new").iterdir(), *(folder / "tmp").iterdir()]
    }


def syncs(monkeypatch: pytest.MonkeyPatch, *writes: DurableWrite) -> list[str]:
    """What is synced and named from now on, in order; it fails where one of the writes was acknowledged before."""
    events: list[str] = []

    def noted(call: Callable[..., Any], event: Callable[..., str]) -> Callable[..., Any]:
        def first_noted(*arguments: Any, **others: Any) -> Any:
            assert not any(write.done.done() for write in writes)
            events.append(event(*arguments))
            return call(*arguments, **others)

        return first_noted

    def synced(descriptor: int) -> str:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        return f"sync {path.parent.name if path.parent.name == 'log' else path.name}"

    monkeypatch.setattr(os, "fsync", noted(os.fsync, synced))
    monkeypatch.setattr(os, "fdatasync", noted(os.fdatasync, synced))
    monkeypatch.setattr(os, "link", noted(os.link, lambda _source, target: f"name {target.name}"))
    monkeypatch.setattr(Path, "rename", noted(Path.rename, lambda _source, target: f"name {target.name}"))
    return events


def test_small_writes_share_one_sync_of_the_log(folder: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    flush_batch([a_write(folder, "first", b"x"), a_write(folder, "second", b"x")], logs)
    batch = [a_write(folder, str(number), b"head", b"", b"body") for number in range(50)]
    events = syncs(monkeypatch)
    flush_batch(batch, logs)
    assert events == ["sync log", *(f"name {number}" for number in range(50))]
    assert all(write.done.done() and write.done.exception() is None for write in batch)
    assert files(folder) == {"first": b"x", "second": b"x"} | {str(number): b"headbody" for number in range(50)}


def test_one_after_another_goes_to_the_log_and_is_not_acknowledged_before_it_is_durable_there(
    folder: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, write = a_write(folder, "alone", b"content"), a_write(folder, "one", b"content")
    flush_batch([alone], logs)
    assert (folder / "new" / "alone").read_bytes() == b"content"
    events = syncs(monkeypatch, write)
    flush_batch([write], logs)
    assert events == ["sync log", "sync log", "sync log", "name one"]  # its room, its own name, the block
    assert write.done.result() is None


@pytest.mark.parametrize("pause", [0.9, 1.1])
def test_one_after_a_pause_has_a_file_of_its_own(
    folder: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch, pause: float
) -> None:
    now = 5.0
    monkeypatch.setattr(flush.time, "monotonic", lambda: now)
    flush_batch([a_write(folder, "first", b"x"), a_write(folder, "second", b"x")], logs)
    now += pause
    flush_batch([a_write(folder, "third", b"x")], logs)
    assert ((folder / "new" / "third").stat().st_nlink == 1) is (pause > 1)


def test_a_log_for_which_there_is_no_room_leaves_nothing(
    folder: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, _chunks: object) -> None:
        os.write(descriptor, b"\0" * 100)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log_module, "write_all", full)
    writes = [a_write(folder, "one", b"x"), a_write(folder, "two", b"x")]
    for write in writes:
        flush_batch([write], logs)
    assert [write.done.result() for write in writes] == [None, None]
    assert list((folder / "log").iterdir()) == []


def test_nothing_large_is_acknowledged_before_its_content_and_its_name_are_synced(
    folder: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [a_write(folder, "one", LARGE), a_write(folder, "two", LARGE)]
    events = syncs(monkeypatch, *batch)
    flush_batch(batch, logs)
    assert events == ["sync one", "name one", "sync two", "name two", "sync new"]
    assert [write.done.result() for write in batch] == [None, None]


def test_a_write_that_fails_takes_no_other_with_it_and_leaves_no_file(folder: Path, logs: Logs) -> None:
    bad = DurableWrite(chunks=(b"x",), draft=folder / "tmp" / "bad", final=folder / "gone" / "bad", done=Future())
    taken = a_write(folder, "taken", LARGE)
    taken.draft.mkdir()
    good, large = a_write(folder, "good", b"x"), a_write(folder, "large", LARGE)
    flush_batch([bad, taken, good, large], logs)
    taken.draft.rmdir()
    assert isinstance(bad.done.exception(), FileNotFoundError)
    assert isinstance(taken.done.exception(), FileExistsError)
    assert (good.done.result(), large.done.result()) == (None, None)
    assert files(folder) == {"good": b"x", "large": LARGE}


@pytest.mark.parametrize("content", [b"x", LARGE], ids=["small", "large"])
def test_what_cannot_be_synced_is_not_acknowledged(
    folder: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    monkeypatch.setattr(os, "fdatasync", broken)
    write = a_write(folder, "one", content)
    flush_batch([write], logs)
    assert isinstance(write.done.exception(), OSError)
    assert files(folder) == {}


def test_a_log_that_cannot_be_written_leaves_no_half_of_a_block_and_is_not_needed(
    folder: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeroth, first, second, third = (a_write(folder, name, b"x") for name in ("zeroth", "first", "second", "third"))
    flush_batch([zeroth, first], logs)

    def full(descriptor: int, _chunks: object) -> None:
        os.write(descriptor, b"X-Gateway-Sha")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(log_module, "write_all", full)
        flush_batch([second], logs)
    flush_batch([third], logs)
    assert [write.done.result() for write in (zeroth, first, second, third)] == [None] * 4
    assert files(folder) == dict.fromkeys(("zeroth", "first", "second", "third"), b"x")


def test_a_write_taken_back_before_it_began_leaves_nothing_and_later_ones_are_written(folder: Path, logs: Logs) -> None:
    given_up, wanted = a_write(folder, "given-up", b"x"), a_write(folder, "wanted", b"x")
    assert given_up.done.cancel()
    flush_batch([given_up, wanted], logs)
    with pytest.raises(CancelledError):
        given_up.done.result()
    assert files(folder) == {"wanted": b"x"}


def test_what_was_handed_in_is_written_before_close_returns_and_a_later_write_too(folder: Path) -> None:
    flusher = Flusher()
    waiting = [a_write(folder, str(number), b"x") for number in range(200)]
    done = [flusher.write(write.chunks, draft=write.draft, final=write.final) for write in waiting]
    flusher.close()
    assert all(future.done() for future in done)
    assert len(files(folder)) == 200
    later = a_write(folder, "later", b"x")
    flusher.write(later.chunks, draft=later.draft, final=later.final).result(timeout=10)
    flusher.close()
    flusher.close()


def test_many_threads_share_the_flusher(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    real = flush.flush_batch
    monkeypatch.setattr(flush, "flush_batch", lambda batch, logs: (batches.append(len(batch)), real(batch, logs)))
    ids: list[str] = []

    def accept_some() -> None:
        ids.extend(spool.accept(Lane.MAIL, {}, b"x" * 5_000) for _ in range(20))

    threads = [threading.Thread(target=accept_some) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {spool_id for spool_id, _ in spool.waiting(Lane.MAIL)} == set(ids)
    assert sum(batches) == 320
    assert len(batches) < 320


def test_a_batch_that_breaks_fails_its_own_writes_and_the_next_batch_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flusher = Flusher()
    doomed, good = a_write(folder, "doomed", b"x"), a_write(folder, "good", b"x")
    monkeypatch.setattr(flush, "write_durably", lambda *_arguments: 1 / 0)
    done = flusher.write(doomed.chunks, draft=doomed.draft, final=doomed.final)
    assert isinstance(done.exception(timeout=10), ZeroDivisionError)
    monkeypatch.undo()
    flusher.write(good.chunks, draft=good.draft, final=good.final).result(timeout=10)
    flusher.close()
    assert files(folder) == {"good": b"x"}


def test_new_folders_have_durable_names_from_the_first_start(
    tmp_path: Path, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = flush.sync_folder
    monkeypatch.setattr(flush, "sync_folder", lambda path: (synced.append(path.name), real(path)))
    root = tmp_path / "var" / "spool"
    Spool(root, clock=clock).close()
    assert set(synced) == {tmp_path.name, "var", "spool", *Lane}
    assert synced.count("mail") == len(list((root / "mail").iterdir()))
    synced.clear()
    Spool(root, clock=clock).close()
    assert synced == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("a small disk needs the right to mount one")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_refuses_and_keeps_no_part_and_takes_again_when_there_is_room(
    small_disk: Path, clock: MovableClock
) -> None:
    spool = Spool(small_disk / "spool", clock=clock)
    first = spool.accept(Lane.MAIL, {}, b"x" * 3 * MIB)
    spool._free = 100 * MIB  # another process took the room since we looked at the disk
    with pytest.raises(SpoolFull):
        spool.accept(Lane.MAIL, {}, b"y" * 3 * MIB)
    assert [spool_id for spool_id, _ in spool.waiting(Lane.MAIL)] == [first]
    assert not list((small_disk / "spool" / "mail" / "tmp").iterdir())
    small = spool.accept(Lane.MAIL, {}, b"z" * 1_000)
    with spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(first, 0)
        assert entry is not None
        claims.finish(entry)
    again = spool.accept(Lane.MAIL, {}, b"y" * 3 * MIB)
    assert {spool_id for spool_id, _ in spool.waiting(Lane.MAIL)} == {small, again}
    spool.close()
