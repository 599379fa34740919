"""What one peer may take of us: connections, mails a minute, errors and time."""

import pytest

from tests.support.doors import OpenDoor, accepted_id, kept
from tests.support.smtp import Peer, lets_in
from tests.support.waiting import wait_for

MAIL = b"Subject: panne\r\n\r\nBonjour\r\n"


def test_one_connection_too_many_is_told_421_and_its_place_comes_back(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__MAX_CONNECTIONS_PER_PEER="2")
    with Peer(door.ports.smtp) as first, Peer(door.ports.smtp) as second:
        with Peer(door.ports.smtp) as third:
            assert third.greeting.startswith("421 4.7.0")
            assert third.reply() == ""
        assert first.say("NOOP").startswith("250")
        assert second.say("QUIT").startswith("221")
        wait_for(lambda: lets_in(door.ports.smtp), "a place to come back")


def test_lmtp_has_its_own_count_of_connections(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__MAX_CONNECTIONS="1")
    assert door.ports.lmtp is not None
    with Peer(door.ports.smtp), Peer(door.ports.lmtp) as lmtp:
        assert lmtp.greeting.startswith("220")


def test_a_peer_that_sends_too_many_mails_a_minute_is_told_451(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__MESSAGES_PER_MINUTE="2", GATEWAY_SMTP__TRUSTED_PEERS='["::1/128"]')
    with Peer(door.ports.smtp) as peer:
        for _ in range(2):
            peer.begin_mail()
            peer.send(MAIL + b".\r\n")
            accepted_id(peer.reply())
        assert peer.say("MAIL FROM:<a@client.example>").startswith("451 4.7.1")
    with Peer(door.ports.smtp) as again:
        again.say("EHLO client.example")
        assert again.say("MAIL FROM:<a@client.example>").startswith("451 4.7.1")
    assert len(kept(door.runtime)) == 2


def test_a_trusted_peer_may_send_as_many_as_it_likes(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__MESSAGES_PER_MINUTE="2")
    with Peer(door.ports.smtp) as peer:
        for _ in range(5):
            peer.begin_mail()
            peer.send(MAIL + b".\r\n")
            accepted_id(peer.reply())


def test_too_many_errors_end_the_connection_with_421(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__MAX_ERRORS="3")
    with Peer(door.ports.smtp) as peer:
        peer.send(b"BURP\r\n" * 50)
        assert [reply[:9] for reply in peer.replies(4)] == ["500 5.5.1"] * 3 + ["421 4.7.0"]
        assert peer.reply() == ""


def test_a_peer_that_says_nothing_is_told_421(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__COMMAND_TIMEOUT="0.2")
    with Peer(door.ports.smtp) as peer:
        assert peer.reply().startswith("421 4.4.2")
        assert peer.reply() == ""


def test_a_mail_that_never_ends_is_told_421_after_the_time_for_one_mail(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__DATA_TIMEOUT="0.2")
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        peer.send(b"Subject: for ever\r\n")
        assert peer.reply().startswith("421 4.4.2")
    assert not kept(door.runtime)


def test_a_peer_that_never_reads_is_cut_off(open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbound.connection._LINGER", 0.1)
    door = open_door(GATEWAY_SMTP__COMMAND_TIMEOUT="0.2", GATEWAY_SMTP__MAX_CONNECTIONS="1")
    deaf = Peer(door.ports.smtp)
    deaf.socket.setblocking(False)
    sent = 0
    try:
        while sent < 64 * 1024 * 1024:
            sent += deaf.socket.send(b"NOOP\r\n" * 10_000)
    except BlockingIOError:
        pass
    wait_for(lambda: lets_in(door.ports.smtp), "the deaf peer's place")
    deaf.close()
