"""The spool's promises: an entry is in one place at a time, keeps its bytes, and leaves only to a named place."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import Deferred, NotFound
from gateway.ids import SpoolId, time_of
from gateway.spool.entry import DamagedEntry, Lane, SpoolEntry, decode_entry, encode_entry
from gateway.spool.store import Claims, Spool, SpoolFull
from tests.support.clock import MovableClock

ENVELOPE = {"mail_from": "marie@client.example", "é": ["ü\r\n"]}


def claim_one(claims: Claims, spool: Spool, lane: Lane = Lane.MAIL) -> SpoolEntry:
    entry = claims.claim(*spool.waiting(lane)[0])
    assert entry is not None
    return entry


def put_aside(spool: Spool, reason: str) -> SpoolId:
    """Accept an entry and quarantine it at its first try."""
    spool_id = spool.accept(Lane.MAIL, ENVELOPE, b"poison")
    with spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(spool_id, 0)
        assert entry is not None
        claims.quarantine(entry.id, entry.attempts, reason)
    return spool_id


@pytest.mark.parametrize(
    "payload", [b"", b"Subject: a\r\n\r\nb", b"X-Gateway-Envelope: v1 {}\r\n\r\n", bytes(range(256))]
)
def test_an_entry_comes_back_as_it_was_accepted(spool: Spool, clock: MovableClock, payload: bytes) -> None:
    spool_id = spool.accept(Lane.MAIL, ENVELOPE, payload)
    with spool.worker(Lane.MAIL) as claims:
        entry = claim_one(claims, spool)
        assert entry.id == spool_id
        assert entry.payload == payload
        assert {**entry.envelope, "sha256": entry.sha256} == {**ENVELOPE, "sha256": entry.sha256}
        assert entry.attempts == 1
        assert entry.accepted_at == clock.now()
        claims.finish(entry)
    assert spool.waiting(Lane.MAIL) == []
    assert spool.depth(Lane.MAIL).claimed == 0


def test_entries_wait_in_the_order_of_their_acceptance(spool: Spool, clock: MovableClock) -> None:
    accepted = []
    for number in range(20):
        accepted.append(spool.accept(Lane.WEB, {}, str(number).encode()))
        clock.move(milliseconds=1)
    assert [spool_id for spool_id, _ in spool.waiting(Lane.WEB)] == accepted


def test_lanes_do_not_see_each_other(spool: Spool) -> None:
    spool.accept(Lane.CALL, {}, b"call")
    assert spool.waiting(Lane.MAIL) == []
    assert len(spool.waiting(Lane.CALL)) == 1


def test_of_two_workers_one_gets_the_entry(spool: Spool) -> None:
    spool_id = spool.accept(Lane.MAIL, {}, b"one")
    start = threading.Barrier(8)
    won: list[SpoolEntry] = []

    def work() -> None:
        with spool.worker(Lane.MAIL) as claims:
            start.wait()
            entry = claims.claim(spool_id, 0)
            if entry is not None:
                won.append(entry)
                claims.finish(entry)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.id for entry in won] == [spool_id]


def test_what_a_worker_neither_finished_nor_put_aside_waits_again_with_its_try_counted(spool: Spool) -> None:
    spool_id = spool.accept(Lane.MAIL, {}, b"one")
    with spool.worker(Lane.MAIL) as claims:
        claim_one(claims, spool)
    assert spool.waiting(Lane.MAIL) == [(spool_id, 1)]


def test_a_try_that_failed_for_no_fault_of_the_entry_is_not_counted(spool: Spool) -> None:
    spool_id = spool.accept(Lane.MAIL, {}, b"one")
    with spool.worker(Lane.MAIL) as claims:
        claims.put_back(claim_one(claims, spool), uncounted=True)
        assert spool.waiting(Lane.MAIL) == [(spool_id, 0)]
        claims.put_back(claim_one(claims, spool), uncounted=False)
        assert spool.waiting(Lane.MAIL) == [(spool_id, 1)]


def test_a_living_workers_entries_are_not_recovered(spool: Spool) -> None:
    spool.accept(Lane.MAIL, {}, b"one")
    with spool.worker(Lane.MAIL) as claims:
        entry = claim_one(claims, spool)
        assert spool.recover(Lane.MAIL) == 0
        assert entry.path.exists()
        claims.finish(entry)


def test_depth_counts_what_waits_what_is_claimed_and_what_is_put_aside(spool: Spool, clock: MovableClock) -> None:
    assert spool.depth(Lane.MAIL).oldest is None
    put_aside(spool, "poison")
    clock.move(seconds=5)
    oldest = spool.accept(Lane.MAIL, {}, b"one")
    clock.move(seconds=5)
    spool.accept(Lane.MAIL, {}, b"two")
    with spool.worker(Lane.MAIL) as claims:
        claim_one(claims, spool)
        depth = spool.depth(Lane.MAIL)
    assert (depth.waiting, depth.claimed, depth.quarantined) == (1, 1, 1)
    assert depth.oldest == time_of(oldest)


def test_an_entry_in_quarantine_says_why_and_can_be_read(spool: Spool) -> None:
    spool_id = put_aside(spool, "killed three workers: é")
    [waiting] = spool.quarantine.list(Lane.MAIL)
    assert (waiting.id, waiting.lane, waiting.reason, waiting.attempts) == (
        spool_id,
        Lane.MAIL,
        "killed three workers: é",
        1,
    )
    assert waiting.size > 0
    assert spool.quarantine.find(spool_id).payload == b"poison"
    assert spool.waiting(Lane.MAIL) == []


def test_a_replayed_entry_starts_anew_with_the_envelope_it_came_with(spool: Spool) -> None:
    spool_id = put_aside(spool, "poison")
    assert spool.quarantine.replay(spool_id) is Lane.MAIL
    assert spool.quarantine.list(Lane.MAIL) == []
    assert spool.waiting(Lane.MAIL) == [(spool_id, 0)]
    with spool.worker(Lane.MAIL) as claims:
        entry = claim_one(claims, spool)
        assert entry.envelope["mail_from"] == ENVELOPE["mail_from"]
        claims.finish(entry)


def test_a_removed_entry_is_gone_with_its_note(spool: Spool, tmp_path: Path) -> None:
    spool_id = put_aside(spool, "poison")
    spool.quarantine.remove(spool_id)
    assert list((tmp_path / "spool" / "mail" / "quarantine").iterdir()) == []


@pytest.mark.parametrize("spool_id", ["", "*", "../new/x", "1k107qps900qrx25r7p60", "????????????????????\u200b"])
def test_an_id_that_is_not_in_quarantine_is_not_found(spool: Spool, spool_id: str) -> None:
    put_aside(spool, "poison")
    with pytest.raises(NotFound):
        spool.quarantine.find(spool_id)
    with pytest.raises(NotFound):
        spool.quarantine.replay(spool_id)
    with pytest.raises(NotFound):
        spool.quarantine.remove(spool_id)


@pytest.mark.parametrize("change", [b"x", b"X-Gateway-Envelope: v2 {}\r\n", b"X-Gateway-Envelope: v1 {\r\n"])
def test_a_damaged_entry_is_named_so_and_stays_with_its_worker(spool: Spool, tmp_path: Path, change: bytes) -> None:
    spool_id = spool.accept(Lane.MAIL, {}, b"one")
    path = tmp_path / "spool" / "mail" / "new" / f"{spool_id}.0"
    path.write_bytes(change + path.read_bytes()[len(change) :])
    with spool.worker(Lane.MAIL) as claims:
        with pytest.raises(DamagedEntry):
            claims.claim(spool_id, 0)
        claims.quarantine(spool_id, 1, "damaged")
    assert [entry.reason for entry in spool.quarantine.list(Lane.MAIL)] == ["damaged"]


def test_a_payload_of_which_one_byte_changed_is_damaged() -> None:
    head, _ = encode_entry(ENVELOPE, b"payload")
    with pytest.raises(DamagedEntry):
        decode_entry(head + b"payloae")


def test_an_envelope_may_have_as_many_recipients_as_the_settings_allow() -> None:
    envelope = {"rcpt_tos": ["é" * 200 + "@demo.example"] * 1_000}
    head, _ = encode_entry(envelope, b"payload")
    assert decode_entry(head + b"payload")[0]["rcpt_tos"] == envelope["rcpt_tos"]


def test_files_that_are_not_ours_are_left_alone(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "spool" / "mail" / "new" / ".nfs0001").write_bytes(b"")
    (tmp_path / "spool" / "mail" / "new" / "README").write_bytes(b"")
    assert spool.waiting(Lane.MAIL) == []


def test_less_room_than_the_reserve_is_a_full_spool(tmp_path: Path, clock: MovableClock) -> None:
    spool = Spool(tmp_path / "spool", clock=clock, min_free=2**62)
    with pytest.raises(SpoolFull):
        spool.accept(Lane.MAIL, {}, b"one")
    spool.close()


def test_a_draft_that_nobody_finishes_is_swept_out_after_an_hour(
    spool: Spool, clock: MovableClock, tmp_path: Path
) -> None:
    draft = tmp_path / "spool" / "mail" / "tmp" / "1k107qps900qrx25r7p60.0"
    draft.write_bytes(b"half")
    written = (clock.now() - timedelta(minutes=59)).timestamp()
    os.utime(draft, (written, written))
    spool.recover(Lane.MAIL)
    assert draft.exists()
    clock.move(minutes=2)
    spool.recover(Lane.MAIL)
    assert not draft.exists()


def test_trouble_with_the_disk_is_deferred(spool: Spool, tmp_path: Path) -> None:
    for name in ("tmp", "log"):
        (tmp_path / "spool" / "mail" / name).rmdir()
    with pytest.raises(Deferred) as deferred:
        spool.accept(Lane.MAIL, {}, b"one")
    assert not isinstance(deferred.value, SpoolFull)
