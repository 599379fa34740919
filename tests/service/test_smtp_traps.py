"""The traps of the library under us, each closed: what a broken or hostile peer, or a broken part of ours, may do."""

import resource
import threading
from collections.abc import Callable

import psutil
import pytest
import structlog
from structlog.testing import LogCapture

from gateway.runtime import Runtime
from gateway.spool import flush
from gateway.spool.entry import Lane
from tests.support.doors import OpenDoor, accepted_id, kept
from tests.support.smtp import Peer, lets_in
from tests.support.waiting import wait_for

MAIL = b"Subject: panne\r\n\r\nBonjour\r\n"
MIB = 1024 * 1024
SECRET = "the text of an exception"


def break_submit(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(runtime.spool, "submit", broken)


def test_an_exception_of_ours_is_a_451_with_an_incident_number_and_without_its_text(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = LogCapture()
    monkeypatch.setattr("inbound.connection.log", structlog.wrap_logger(None, processors=[logged]))
    door = open_door(prepare=lambda runtime: break_submit(runtime, monkeypatch))
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        peer.send(MAIL + b".\r\n")
        reply = peer.reply()
        assert reply.startswith("451 4.3.0 ")
        assert SECRET not in reply
        monkeypatch.undo()
        peer.begin_mail()
        peer.send(MAIL + b".\r\n")
        accepted_id(peer.reply())
    [entry] = logged.entries
    assert reply.endswith(f"(incident {entry['incident']})")
    assert str(entry["exc_info"]) == SECRET
    assert entry["exc_info"].__traceback__ is not None


def test_a_recipient_that_cannot_be_checked_is_a_451(open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("inbound.door.check_recipient", broken)
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        peer.say("EHLO client.example")
        peer.say("MAIL FROM:<a@client.example>")
        reply = peer.say("RCPT TO:<support@demo.example>")
        assert reply.startswith("451 4.3.0 ")
        assert SECRET not in reply
        monkeypatch.undo()
        assert peer.say("RCPT TO:<support@demo.example>").startswith("250")


def test_a_command_without_an_end_takes_no_memory_and_is_a_500(open_door: OpenDoor) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        growth = memory_growth(lambda: send_many(peer, b"X" * MIB, 60))
        assert peer.say("").startswith("500 5.5.6")
        assert peer.say("NOOP").startswith("250")
    assert growth < 16 * MIB


def test_a_mail_without_a_line_end_takes_no_memory_and_is_a_552(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__MAX_SIZE=str(MIB))
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        growth = memory_growth(lambda: send_many(peer, b"X" * MIB, 60))
        peer.send(b"\r\n.\r\n")
        assert peer.reply().startswith("552 5.3.4")
        assert peer.say("NOOP").startswith("250")
    assert growth < 16 * MIB
    assert not kept(door.runtime)


@pytest.mark.parametrize("length", [998, 1_001, 65_535, 65_536, 65_537, 131_073, 3 * MIB])
def test_a_line_of_a_mail_may_have_any_length(open_door: OpenDoor, length: int) -> None:
    door = open_door()
    content = MAIL + b"x" * length + b"\r\nend\r\n"
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        peer.send(content + b".\r\n")
        accepted_id(peer.reply())
    assert kept(door.runtime)[0][1].payload == content


def test_a_command_line_too_long_is_a_500_and_the_next_is_heard(open_door: OpenDoor) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        for length in (2_043, 70_000, 200_000):
            assert peer.say("NOOP " + "x" * length).startswith("250" if length == 2_043 else "500 5.5.6")
        peer.send(b"NOOP " + b"x" * 2_044 + b"\r\nNOOP\r\n")
        assert [reply[:3] for reply in peer.replies(2)] == ["500", "250"]


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\r\n\x00.\r\n"])
def test_only_crlf_dot_crlf_ends_a_mail(open_door: OpenDoor, end: bytes) -> None:
    smuggled = b"MAIL FROM:<ceo@client.example>\r\nRCPT TO:<support@demo.example>\r\nDATA\r\nforged\r\n"
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        peer.send(MAIL.rstrip() + end + smuggled + b".\r\n")
        accepted_id(peer.reply())
        assert peer.say("NOOP").startswith("250")
    [(envelope, entry)] = kept(door.runtime)
    assert envelope.mail_from == "marie@client.example"
    # A dot that begins a line was put there by the peer (RFC 5321 section 4.5.2).
    assert entry.payload == MAIL.rstrip() + end.replace(b"\r\n.", b"\r\n") + smuggled


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
def test_the_end_is_found_however_the_bytes_are_cut(open_door: OpenDoor, size: int) -> None:
    door = open_door()
    sent = b"..\r\n..a\r\n.\n\r\n\r\n.\rb\r\n.c\r\n\r.\r\n.\r\n"
    kept_as = b".\r\n.a\r\n\n\r\n\r\n\rb\r\nc\r\n\r.\r\n"
    with Peer(door.ports.smtp) as peer:
        peer.socket.setsockopt(6, 1, True)  # TCP_NODELAY
        peer.begin_mail()
        for start in range(0, len(sent), size):
            peer.send(sent[start : start + size])
        accepted_id(peer.reply())
        peer.begin_mail()
        peer.send(b".\r\n")
        accepted_id(peer.reply())
    assert {entry.payload for _, entry in kept(door.runtime)} == {kept_as, b""}


def test_of_five_thousand_recipients_the_first_hundred_are_taken_and_the_mail_with_them(open_door: OpenDoor) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        peer.say("EHLO client.example")
        peer.say("MAIL FROM:<a@client.example>")
        sending = threading.Thread(target=peer.send, args=(b"RCPT TO:<support@demo.example>\r\n" * 5_000,))
        sending.start()
        answers = [reply[:9] for reply in peer.replies(5_000)]
        sending.join()
        assert answers == ["250 2.1.5"] * 100 + ["452 4.5.3"] * 4_900
        peer.say("DATA")
        peer.send(MAIL + b".\r\n")
        accepted_id(peer.reply())
    assert len(kept(door.runtime)[0][0].rcpt_tos) == 100


def test_a_slow_disk_stops_no_other_session(open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = threading.Event()
    reached = threading.Event()
    real = flush.flush_batch

    def slow(batch: list[flush.DurableWrite], logs: flush.Logs) -> None:
        reached.set()
        assert disk.wait(30)
        real(batch, logs)

    monkeypatch.setattr(flush, "flush_batch", slow)
    door = open_door()
    with Peer(door.ports.smtp) as waiting, Peer(door.ports.smtp) as other:
        waiting.begin_mail()
        waiting.send(MAIL + b".\r\n")
        assert reached.wait(10)
        other.begin_mail()
        assert not door.runtime.spool.waiting(Lane.MAIL)
        other.send(MAIL + b".\r\n")
        disk.set()
        assert accepted_id(waiting.reply()) != accepted_id(other.reply())


def test_a_peer_that_leaves_while_the_disk_works_takes_no_other_mail_with_it(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = threading.Event()
    reached = threading.Event()
    real = flush.flush_batch

    def slow(batch: list[flush.DurableWrite], logs: flush.Logs) -> None:
        reached.set()
        assert disk.wait(30)
        real(batch, logs)

    monkeypatch.setattr(flush, "flush_batch", slow)
    door = open_door(GATEWAY_SMTP__MAX_CONNECTIONS="2")
    with Peer(door.ports.smtp) as staying, Peer(door.ports.smtp) as leaving:
        leaving.begin_mail()
        leaving.send(MAIL + b".\r\n")
        assert reached.wait(10)
        reset(leaving)
        # The door has seen it leave when it lets somebody else in.
        wait_for(lambda: lets_in(door.ports.smtp), "the door to notice that the peer left")
        disk.set()
        staying.begin_mail()
        staying.send(MAIL + b".\r\n")
        accepted_id(staying.reply())


def test_a_full_disk_is_a_452_that_leaves_nothing_behind(open_door: OpenDoor) -> None:
    door = open_door()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, limits[1]))
        try:
            peer.send(MAIL + b"x" * 2 * MIB + b"\r\n.\r\n")
            assert peer.reply().startswith("452 4.3.1")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        lane = door.runtime.where.spool / "mail"
        assert not [*(lane / "tmp").iterdir(), *(lane / "new").iterdir()]
        peer.begin_mail()
        peer.send(MAIL + b".\r\n")
        accepted_id(peer.reply())


def test_a_disk_that_is_nearly_full_is_a_452(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SPOOL__MIN_FREE=str(2**62))
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        peer.send(MAIL + b".\r\n")
        assert peer.reply().startswith("452 4.3.1")


def test_any_other_trouble_with_the_disk_is_a_451(open_door: OpenDoor) -> None:
    door = open_door(prepare=lambda runtime: (runtime.where.spool / "mail" / "new").rmdir())
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        peer.send(MAIL + b".\r\n")
        assert peer.reply().startswith("451 4.3.0")


def send_many(peer: Peer, content: bytes, times: int) -> None:
    for _ in range(times):
        peer.send(content)


def memory_growth(action: Callable[[], None]) -> int:
    """How many bytes this process, with door and peer in it, grew by."""
    process = psutil.Process()
    before = int(process.memory_info().rss)
    action()
    return int(process.memory_info().rss) - before


def reset(peer: Peer) -> None:
    """Hang up the rude way."""
    peer.socket.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # SO_LINGER of 0 seconds: RST
    peer.close()
