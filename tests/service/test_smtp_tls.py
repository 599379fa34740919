"""STARTTLS: offered when there is a certificate, and nothing said in clear counts after it (RFC 3207)."""

import ssl
from pathlib import Path

import pytest
import trustme

from gateway.errors import Misconfigured
from tests.support.doors import OpenDoor, accepted_id, kept
from tests.support.servers import free_port
from tests.support.smtp import Peer

MAIL = b"Subject: panne\r\n\r\nBonjour\r\n"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """Settings that name a certificate for localhost."""
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    for blob in issued.cert_chain_pems:
        blob.write_to_path(tmp_path / "cert.pem", append=True)
    return {
        "GATEWAY_SMTP__TLS_CERT": str(tmp_path / "cert.pem"),
        "GATEWAY_SMTP__TLS_KEY": str(tmp_path / "key.pem"),
    }


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_a_mail_over_starttls_is_kept_and_marked(
    open_door: OpenDoor, certificate: dict[str, str], trusting: ssl.SSLContext
) -> None:
    door = open_door(**certificate)
    with Peer(door.ports.smtp) as peer:
        assert "250-STARTTLS" in peer.say("EHLO client.example").split("\n")
        assert peer.say("STARTTLS").startswith("220 2.0.0")
        peer.start_tls(trusting)
        assert peer.say("MAIL FROM:<a@client.example>").startswith("503 5.5.1")
        capabilities = peer.say("EHLO client.example")
        assert "STARTTLS" not in capabilities
        assert "AUTH" not in capabilities
        assert peer.say("STARTTLS").startswith("503 5.5.1")
        peer.begin_mail()
        peer.send(MAIL + b"x" * 1_000_000 + b"\r\n.\r\n")
        accepted_id(peer.reply())
        assert peer.say("QUIT").startswith("221")
        assert peer.reply() == ""
    assert kept(door.runtime)[0][0].tls


def test_what_was_sent_ahead_of_the_handshake_is_forgotten(
    open_door: OpenDoor, certificate: dict[str, str], trusting: ssl.SSLContext
) -> None:
    door = open_door(**certificate)
    with Peer(door.ports.smtp) as peer:
        peer.say("EHLO client.example")
        peer.say("MAIL FROM:<a@client.example>")
        peer.send(b"STARTTLS\r\nEHLO forged.example\r\nMAIL FROM:<ceo@client.example>\r\nRCPT TO:<support@")
        assert peer.reply().startswith("220")
        peer.start_tls(trusting)
        assert peer.say("RCPT TO:<support@demo.example>").startswith("503")
        peer.begin_mail()
        peer.send(MAIL + b".\r\n")
        accepted_id(peer.reply())
    [(envelope, _)] = kept(door.runtime)
    assert (envelope.helo, envelope.mail_from) == ("client.example", "marie@client.example")


def test_a_handshake_that_fails_ends_that_connection_only(open_door: OpenDoor, certificate: dict[str, str]) -> None:
    door = open_door(**certificate)
    with Peer(door.ports.smtp) as peer:
        assert peer.say("STARTTLS").startswith("220")
        peer.send(b"this is no handshake\r\n" * 10)
        while peer.socket.recv(4096):
            pass
    with Peer(door.ports.smtp) as other:
        assert other.say("NOOP").startswith("250")


def test_a_certificate_that_cannot_be_read_stops_the_start(open_door: OpenDoor, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    with pytest.raises(Misconfigured, match=r"smtp\.tls_cert"):
        open_door(
            GATEWAY_SMTP__TLS_CERT=str(empty), GATEWAY_SMTP__TLS_KEY=str(empty), GATEWAY_SMTP__PORT=str(free_port())
        )
