"""LMTP (RFC 2033): one answer for each accepted recipient, whatever became of the mail."""

import pytest

from gateway.domain.ticket import Channel
from tests.support.doors import OpenDoor, accepted_id, kept
from tests.support.smtp import Peer, RunningDoor

MAIL = b"Subject: panne\r\n\r\nBonjour\r\n"
THREE = ("support@demo.example", "support+a@demo.example", "postmaster@demo.example")


def connect(door: RunningDoor) -> Peer:
    assert door.ports.lmtp is not None
    return Peer(door.ports.lmtp)


def begin(peer: Peer) -> None:
    """Come as far as the 354 with three good recipients and one that is refused."""
    assert peer.say("LHLO mta.example").startswith("250")
    assert peer.say("MAIL FROM:<marie@client.example>").startswith("250")
    for recipient in THREE:
        assert peer.say(f"RCPT TO:<{recipient}>").startswith("250")
    assert peer.say("RCPT TO:<nobody@demo.example>").startswith("550")
    assert peer.say("DATA").startswith("354")


def test_each_accepted_recipient_gets_an_answer(open_door: OpenDoor) -> None:
    door = open_door()
    with connect(door) as peer:
        assert peer.greeting.startswith("220 localhost LMTP")
        begin(peer)
        peer.send(MAIL + b".\r\n")
        assert len({accepted_id(reply) for reply in peer.replies(3)}) == 1
        assert peer.say("NOOP").startswith("250")
    [(envelope, _)] = kept(door.runtime)
    assert (envelope.channel, envelope.rcpt_tos) == (Channel.LMTP, THREE)


def test_each_recipient_of_a_mail_too_large_gets_an_answer(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__MAX_SIZE="100000")
    with connect(door) as peer:
        begin(peer)
        peer.send(b"x" * 200_000 + b"\r\n.\r\n")
        assert [reply[:9] for reply in peer.replies(3)] == ["552 5.3.4"] * 3
        assert peer.say("NOOP").startswith("250")


def test_each_recipient_gets_an_answer_when_something_of_ours_breaks(
    open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("text")

    door = open_door(prepare=lambda runtime: monkeypatch.setattr(runtime.spool, "submit", broken))
    with connect(door) as peer:
        begin(peer)
        peer.send(MAIL + b".\r\n")
        assert [reply[:9] for reply in peer.replies(3)] == ["451 4.3.0"] * 3
        assert peer.say("NOOP").startswith("250")


def test_a_mail_without_an_accepted_recipient_gets_one_answer(open_door: OpenDoor) -> None:
    door = open_door()
    with connect(door) as peer:
        peer.say("LHLO mta.example")
        peer.say("MAIL FROM:<marie@client.example>")
        assert peer.say("DATA").startswith("503 5.5.1")
        assert peer.say("NOOP").startswith("250")


@pytest.mark.parametrize("greeting", ["EHLO mta.example", "HELO mta.example"])
def test_the_greetings_of_smtp_are_not_understood(open_door: OpenDoor, greeting: str) -> None:
    door = open_door()
    with connect(door) as peer:
        assert peer.say(greeting).startswith("500 5.5.1")
        assert peer.say("MAIL FROM:<a@client.example>").startswith("503 5.5.1")


def test_smtp_does_not_understand_the_greeting_of_lmtp(open_door: OpenDoor) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        assert peer.say("LHLO mta.example").startswith("500 5.5.1")
