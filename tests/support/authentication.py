"""A zone with senders of every kind, and mails of theirs checked against it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gateway.config.model import MailSettings
from gateway.domain.ticket import Channel
from gateway.mail.authentication import Authentication
from gateway.mail.envelope import MailEnvelope
from inbound.authentication import Resolver, authenticate
from inbound.parse import parse_message
from tests.support.dns import DnsServer, Zone, serving, txt
from tests.support.signing import key_record

PEER = "203.0.113.9"


STRANGER = "198.51.100.66"


ZONE: Zone = {
    ("client.example", "TXT"): [txt("v=spf1 ip4:203.0.113.0/28 ip6:2001:db8::/32 -all"), txt("unrelated")],
    ("_dmarc.client.example", "TXT"): [txt("v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@client.example")],
    ("s1._domainkey.client.example", "TXT"): [txt(key_record())],
    ("s1._domainkey.mail.client.example", "TXT"): [txt(key_record())],
    ("strict.example", "TXT"): [txt("v=spf1 a mx -all")],
    ("strict.example", "A"): [PEER],
    ("_dmarc.strict.example", "TXT"): [txt("v=DMARC1;p=quarantine;adkim=s;aspf=s")],
    ("s1._domainkey.strict.example", "TXT"): [txt(key_record())],
    ("s1._domainkey.mail.strict.example", "TXT"): [txt(key_record())],
    ("mail.strict.example", "TXT"): [txt("v=spf1 mx -all")],
    ("mail.strict.example", "MX"): ["10 mx.strict.example."],
    ("mx.strict.example", "A"): [PEER],
    ("quiet.example", "TXT"): [txt("v=spf1 include:client.example ~all")],
    ("s1._domainkey.quiet.example", "TXT"): [txt(key_record())],
    ("trial.example", "TXT"): [txt("v=spf1 -all")],
    ("_dmarc.trial.example", "TXT"): [txt("v=DMARC1; p=reject; pct=0")],
    ("twice.example", "TXT"): [txt("v=spf1 -all"), txt("v=spf1 +all")],
    ("_dmarc.twice.example", "TXT"): [txt("v=DMARC1; p=reject"), txt("v=DMARC1; p=none")],
    ("evil.example", "TXT"): [txt("v=spf1 +all")],
    ("s1._domainkey.evil.example", "TXT"): [txt(key_record())],
    ("void.example", "TXT"): [txt("v=spf1 a:1.void.example a:2.void.example a:3.void.example +all")],
    ("loop.example", "TXT"): [txt("v=spf1 include:loop.example -all")],
}


MAIL = (
    b"From: Marie <marie@client.example>\r\nTo: support@demo.example\r\nSubject: Panne\r\n"
    b"Message-ID: <1@client.example>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n\r\n"
    b"Bonjour,  \r\n\r\nrien ne va.\r\n\r\n"
)


@pytest.fixture(scope="module")
def dns_server() -> Iterator[DnsServer]:
    with serving(ZONE) as running:
        yield running


@pytest.fixture
def dns(dns_server: DnsServer) -> DnsServer:
    """The server with its zone, answering everything, asked nothing yet."""
    dns_server.zone, dns_server.asked, dns_server.silent, dns_server.broken = ZONE, [], set(), set()
    return dns_server


def written_by(sender: str) -> bytes:
    return MAIL.replace(b"marie@client.example", sender.encode())


def check(
    raw: bytes,
    asked: DnsServer | Resolver,
    *,
    mail_from: str = "marie@client.example",
    peer: str = PEER,
    helo: str = "mx.client.example",
    channel: Channel = Channel.SMTP,
    settings: MailSettings | None = None,
) -> Authentication:
    envelope = MailEnvelope(
        channel=channel,
        mail_from=mail_from,
        rcpt_tos=("support@demo.example",),
        peer=peer,
        helo=helo,
        tls=True,
        smtputf8=False,
        received_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    )
    resolver = asked.resolver() if isinstance(asked, DnsServer) else asked
    return authenticate(raw, parse_message(raw), envelope, settings or MailSettings(), resolver)


def words(found: Authentication) -> tuple[str, str, str, bool]:
    return (found.spf, found.dkim, found.dmarc, found.is_aligned_pass)
