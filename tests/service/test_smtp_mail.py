"""A mail over SMTP: what is accepted, what is kept of it, and what is refused with a sentence that helps."""

import smtplib
from datetime import UTC, datetime

import pytest

from gateway.domain.ticket import Channel
from gateway.mail.envelope import MailEnvelope
from gateway.mail.reply_address import make_bounce_address, make_reply_address
from gateway.runtime import Runtime
from tests.support.clock import MovableClock
from tests.support.doors import OpenDoor, accepted_id, kept
from tests.support.servers import ValkeyServer
from tests.support.smtp import Peer
from tests.support.waiting import wait_for

MAIL = b"From: marie@client.example\r\nSubject: panne\r\n\r\nBonjour\r\n"


def test_a_mail_is_kept_byte_for_byte_with_the_facts_of_its_envelope(open_door: OpenDoor, clock: MovableClock) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail(to=("support@demo.example", "Support+urgent@Demo.example"))
        peer.send(MAIL + b".\r\n")
        spool_id = accepted_id(peer.reply())
    [(envelope, entry)] = kept(door.runtime)
    assert entry.id == spool_id
    assert entry.payload == MAIL
    assert envelope == MailEnvelope(
        channel=Channel.SMTP,
        mail_from="marie@client.example",
        rcpt_tos=("support@demo.example", "Support+urgent@Demo.example"),
        peer="127.0.0.1",
        helo="client.example",
        tls=False,
        smtputf8=False,
        received_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    )


def test_an_ordinary_client_library_is_served(open_door: OpenDoor) -> None:
    door = open_door()
    with smtplib.SMTP("127.0.0.1", door.ports.smtp) as client:
        client.sendmail("marie@client.example", ["support@demo.example"], MAIL, mail_options=["BODY=8BITMIME"])
        client.sendmail("élise@client.example", ["support@demo.example"], MAIL, mail_options=["SMTPUTF8"])
    senders = {(envelope.mail_from, envelope.smtputf8) for envelope, _ in kept(door.runtime)}
    assert senders == {("marie@client.example", False), ("élise@client.example", True)}


def test_the_null_sender_is_empty_text_in_the_envelope(open_door: OpenDoor) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail(sender="")
        peer.send(MAIL + b".\r\n")
        accepted_id(peer.reply())
    assert kept(door.runtime)[0][0].mail_from == ""


def test_after_the_answer_the_bell_of_the_mail_lane_rings(open_door: OpenDoor, valkey_server: ValkeyServer) -> None:
    valkey_server.client().flushall()
    door = open_door(GATEWAY_REDIS_URL=valkey_server.url)
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        peer.send(MAIL + b".\r\n")
        accepted_id(peer.reply())
    name = f"mail_{door.runtime.machine}"
    wait_for(lambda: door.runtime.doorbell.queue("mail").job_ids == [f"drain-{name}-0"], "the bell to ring")


def test_commands_and_mails_sent_ahead_are_answered_in_order(open_door: OpenDoor) -> None:
    door = open_door()
    one = b"MAIL FROM:<a@client.example>\r\nRCPT TO:<support@demo.example>\r\nDATA\r\n" + MAIL + b".\r\n"
    with Peer(door.ports.smtp) as peer:
        peer.send(b"EHLO client.example\r\n" + one + one + b"QUIT\r\n")
        codes = [reply[:3] for reply in peer.replies(10)]
    assert codes == ["250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert len(kept(door.runtime)) == 2


def test_a_peer_that_closes_its_side_early_still_hears_the_answers(open_door: OpenDoor) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail()
        peer.send(MAIL + b".\r\n")
        peer.socket.shutdown(1)
        accepted_id(peer.reply())
        assert peer.reply() == ""


def test_what_we_offer_is_what_we_do(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__MAX_SIZE="100000", GATEWAY_SMTP__HOSTNAME="mx.demo.example")
    with Peer(door.ports.smtp) as peer:
        assert peer.greeting == "220 mx.demo.example ESMTP support gateway"
        assert peer.say("EHLO client.example").split("\n") == [
            "250-mx.demo.example",
            "250-SIZE 100000",
            "250-8BITMIME",
            "250-SMTPUTF8",
            "250-PIPELINING",
            "250-ENHANCEDSTATUSCODES",
            "250 HELP",
        ]


def test_a_mail_too_large_is_refused_when_announced_and_when_sent(open_door: OpenDoor) -> None:
    door = open_door(GATEWAY_SMTP__MAX_SIZE="100000")
    with Peer(door.ports.smtp) as peer:
        peer.say("EHLO client.example")
        assert peer.say("MAIL FROM:<a@client.example> SIZE=100001").startswith("552 5.3.4")
        peer.begin_mail()
        peer.send(b"x" * 99_998 + b"\r\n.\r\n")
        accepted_id(peer.reply())
        peer.begin_mail()
        peer.send(b"x" * 99_999 + b"\r\n.\r\n")
        assert peer.reply().startswith("552 5.3.4")
        peer.begin_mail()
        peer.send(MAIL + b".\r\n")
        accepted_id(peer.reply())
    assert {len(entry.payload) for _, entry in kept(door.runtime)} == {100_000, len(MAIL)}


@pytest.mark.parametrize(
    "address",
    [
        "nobody@demo.example",
        "support@elsewhere.example",
        "support%elsewhere.example@relay.example",
        "support+r-0-1-1-00000000000000000000@demo.example",
        "support+b-anything@demo.example",
        "abuse@demo.example",
    ],
)
def test_a_recipient_that_is_not_ours_is_refused_with_the_address_to_write_to(
    open_door: OpenDoor, address: str
) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        peer.say("EHLO client.example")
        peer.say("MAIL FROM:<a@client.example>")
        reply = peer.say(f"RCPT TO:<{address}>")
        assert reply.startswith("550 5.1.1 ")
        assert "support@demo.example" in reply
        assert peer.say("DATA").startswith("503 5.5.1")


def test_signed_addresses_and_postmaster_are_recipients(open_door: OpenDoor, clock: MovableClock) -> None:
    door = open_door()
    runtime: Runtime = door.runtime
    today = clock.now().date()
    addresses = (
        make_reply_address("support@demo.example", runtime.signer, ticket_id=7, person_id=9, today=today),
        make_bounce_address("support@demo.example", runtime.signer, delivery_id=3, today=today).upper(),
        "postmaster@demo.example",
        "Postmaster",
    )
    with Peer(door.ports.smtp) as peer:
        peer.begin_mail(to=addresses)
        peer.send(MAIL + b".\r\n")
        accepted_id(peer.reply())
    assert kept(runtime)[0][0].rcpt_tos == addresses


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "500 5.5.1"),
        ("BURP", "500 5.5.1"),
        ("bdat 5", "500 5.5.1"),
        ("EHLO", "501 5.5.4"),
        ("QUIT now", "501 5.5.4"),
        ("RSET now", "501 5.5.4"),
        ("EXPN staff", "502 5.5.1"),
        ("AUTH PLAIN AGEAYg==", "502 5.5.1"),
        ("STARTTLS", "502 5.5.1"),
        ("VRFY marie@client.example", "252 2.5.0"),
        ("HELP MAIL", "214 2.0.0"),
        ("NOOP whatever", "250 2.0.0"),
        ("MAIL FROM:<a@client.example>", "503 5.5.1"),
        ("RCPT TO:<support@demo.example>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
    ],
)
def test_a_command_out_of_place_gets_its_own_code(open_door: OpenDoor, line: str, code: str) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        assert peer.say(line).startswith(code)
        assert peer.say("NOOP").startswith("250")


def test_a_second_mail_command_is_refused_until_the_first_is_reset(open_door: OpenDoor) -> None:
    door = open_door()
    with Peer(door.ports.smtp) as peer:
        peer.say("HELO client.example")
        assert peer.say("MAIL FROM:<a@client.example>").startswith("250 2.1.0")
        assert peer.say("MAIL FROM:<b@client.example>").startswith("503 5.5.1")
        assert peer.say("RSET").startswith("250 2.0.0")
        assert peer.say("RCPT TO:<support@demo.example>").startswith("503 5.5.1")
        assert peer.say("MAIL FROM:<b@client.example>").startswith("250 2.1.0")
