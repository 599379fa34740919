"""The log of acceptance: what it holds gets its name again, once; what was never acknowledged gets none."""

import fcntl
import os
from pathlib import Path

import pytest

from gateway.disk import sync_file
from gateway.ids import SpoolId
from gateway.spool import log as log_module
from gateway.spool.entry import Lane, encode_entry, file_name
from gateway.spool.log import Log, recover_logs
from gateway.spool.shared import shared_head
from gateway.spool.store import Spool

IDS = [SpoolId(f"1k107qps900qrx25r7p6{char}") for char in "abcd"]


@pytest.fixture
def lane(spool: Spool, tmp_path: Path) -> Path:
    return tmp_path / "spool" / "mail"


@pytest.fixture
def dead_log(lane: Path) -> Path:
    """The log of a process that is gone, with the entries IDS, payloads `p0` to `p3`, in two blocks."""
    log = Log(lane)
    append(log, 0, 1)
    append(log, 2, 3)
    os.close(log._descriptor)
    return log.path


def block(*numbers: int) -> bytes:
    contents = {IDS[number]: encode_entry({}, b"p%d" % number)[0] + b"p%d" % number for number in numbers}
    return shared_head({name: len(content) for name, content in contents.items()}) + b"".join(contents.values())


def append(log: Log, *numbers: int) -> None:
    log.append((block(*numbers),), entries=len(numbers))


def payloads(spool: Spool) -> dict[str, bytes]:
    with spool.worker(Lane.MAIL) as claims:
        entries = [claims.claim(*waiting) for waiting in spool.waiting(Lane.MAIL)]
        return {entry.id: entry.payload for entry in entries if entry is not None}


def test_after_a_power_cut_what_has_lost_its_name_gets_it_again(spool: Spool, lane: Path, dead_log: Path) -> None:
    assert spool.recover(Lane.MAIL) == 4
    assert not dead_log.exists()
    assert payloads(spool) == {name: b"p%d" % number for number, name in enumerate(IDS)}
    assert spool.recover(Lane.MAIL) == 0


def test_what_waits_or_is_claimed_or_in_quarantine_gets_no_second_name(
    spool: Spool, lane: Path, dead_log: Path
) -> None:
    os.link(dead_log, lane / "new" / file_name(IDS[0], 2))
    os.link(dead_log, lane / "quarantine" / file_name(IDS[1], 3))
    os.link(dead_log, lane / "new" / file_name(IDS[2], 0))
    with spool.worker(Lane.MAIL) as claims:
        assert claims.claim(IDS[2], 0) is not None
        assert recover_logs(lane) == 1
        assert spool.waiting(Lane.MAIL) == [(IDS[0], 2), (IDS[3], 0)]


def test_the_log_of_a_living_process_is_its_own(spool: Spool, lane: Path) -> None:
    log = Log(lane)
    append(log, 0)
    assert recover_logs(lane) == 0
    append(log, 1)
    log.retire()
    assert not log.path.exists()


@pytest.mark.parametrize("half", [1, 30, 60, len(block(2, 3)) - 1])
def test_half_of_a_block_has_no_name_and_takes_none_from_those_before_it(
    spool: Spool, lane: Path, dead_log: Path, half: int
) -> None:
    os.truncate(dead_log, len(block(0, 1)) + half)
    named = recover_logs(lane)
    waiting = {spool_id for spool_id, _ in spool.waiting(Lane.MAIL)}
    assert {IDS[0], IDS[1]} <= waiting <= {*IDS[:3]}
    assert named == len(waiting)
    assert all(payload == b"p%d" % IDS.index(SpoolId(name)) for name, payload in payloads(spool).items())


def test_a_block_of_anything_else_has_no_name(spool: Spool, lane: Path, dead_log: Path) -> None:
    content = encode_entry({}, b"x")[0] + b"x"
    for name in ("../../../escaped", "no-id"):
        with dead_log.open("ab") as file:
            file.write(shared_head({name: len(content)}) + content)
    assert recover_logs(lane) == 4


def test_the_names_are_durable_before_the_log_is_forgotten(
    spool: Spool, lane: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    monkeypatch.setattr(log_module, "sync_file", lambda path: (events.append(path.name), sync_file(path)))
    log = Log(lane)
    append(log, 0)
    with spool.worker(Lane.MAIL):
        [claims] = [path.name for path in (lane / "claimed").iterdir() if path.is_dir()]
        log.retire()
    assert events == ["log", "new", claims, "quarantine", "new"]
    assert not log.path.exists()


def test_a_log_whose_names_cannot_be_made_durable_stays_and_is_recovered(
    spool: Spool, lane: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_path: Path) -> None:
        raise OSError(5, "Input/output error")

    log = Log(lane)
    append(log, 0)
    with monkeypatch.context() as patched:
        patched.setattr(log_module, "sync_file", broken)
        log.retire()
    assert log.path.exists()
    assert recover_logs(lane) == 1


def test_a_log_holds_few_entries_and_none_is_left_at_the_end(spool: Spool, lane: Path) -> None:
    seen: set[str] = set()
    spool.accept(Lane.MAIL, {}, b"alone")
    for number in range(149):
        spool.accept(Lane.MAIL, {}, b"mail %d" % number)
        [log] = (lane / "log").iterdir()
        seen.add(log.name)
    spool.close()
    assert len(seen) == 3
    assert list((lane / "log").iterdir()) == []
    assert len(payloads(spool)) == 150


def test_a_log_that_another_sweep_retires_meanwhile_is_passed_over(
    spool: Spool, lane: Path, dead_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, named = fcntl.flock, list[int]()

    def lock_late(descriptor: int, how: int) -> None:
        with monkeypatch.context() as usual:
            usual.setattr(fcntl, "flock", flock)
            named.append(recover_logs(lane))
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", lock_late)
    assert recover_logs(lane) == 0
    assert named == [4]
    assert len(spool.waiting(Lane.MAIL)) == 4


@pytest.mark.parametrize("prepared", [False, True])
def test_a_block_that_could_not_be_synced_leaves_nothing_in_the_log(
    lane: Path, monkeypatch: pytest.MonkeyPatch, prepared: bool
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    log = Log(lane, prepared=prepared)
    append(log, 0)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", broken)
        with pytest.raises(OSError, match="Input/output"):
            append(log, 1)
    assert log.is_full
    assert log.path.read_bytes() == block(0)
    os.close(log._descriptor)
    assert recover_logs(lane) == 1
