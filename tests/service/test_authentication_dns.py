"""SPF, DKIM and DMARC are checked against a real DNS server: what passes, what fails, and what nobody answers."""

import os
import socket
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import dkim
import pytest

from gateway.config.model import MailSettings
from gateway.domain.ticket import Channel
from gateway.mail.authentication import Authentication, Result, Source
from gateway.mail.envelope import MailEnvelope
from inbound.authentication import Resolver, authenticate, held_reason
from inbound.authentication.resolver import DnsTrouble
from inbound.parse import parse_message
from tests.support.dns import DnsServer, Zone, serving, txt
from tests.support.signing import key_record, sign, sign_without_from

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
def server() -> Iterator[DnsServer]:
    with serving(ZONE) as running:
        yield running


@pytest.fixture
def dns(server: DnsServer) -> DnsServer:
    """The server with its zone, answering everything, asked nothing yet."""
    server.zone, server.asked, server.silent, server.broken = ZONE, [], set(), set()
    return server


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


SPF = [
    ("marie@client.example", "marie@client.example", PEER, ("pass", "none", "pass", True)),
    ("marie@client.example", "marie@client.example", "2001:db8::1", ("pass", "none", "pass", True)),
    ("marie@client.example", "marie@client.example", f"::ffff:{PEER}", ("pass", "none", "pass", True)),
    ("marie@client.example", "marie@client.example", STRANGER, ("fail", "none", "fail", False)),
    ("marie@client.example", "x@evil.example", STRANGER, ("pass", "none", "fail", False)),
    ("marie@sub.client.example", "marie@client.example", PEER, ("pass", "none", "pass", True)),
    ("marie@notclient.example", "marie@client.example", PEER, ("pass", "none", "none", False)),
    ("marie@strict.example", "marie@strict.example", PEER, ("pass", "none", "pass", True)),
    ("marie@strict.example", "marie@mail.strict.example", PEER, ("pass", "none", "fail", False)),
    ("marie@quiet.example", "marie@quiet.example", PEER, ("pass", "none", "none", True)),
    ("marie@quiet.example", "marie@quiet.example", STRANGER, ("softfail", "none", "none", False)),
    ("marie@nowhere.example", "marie@nowhere.example", PEER, ("none", "none", "none", False)),
    ("marie@twice.example", "marie@twice.example", PEER, ("permerror", "none", "none", False)),
    ("marie@void.example", "marie@void.example", PEER, ("permerror", "none", "none", False)),
    ("marie@loop.example", "marie@loop.example", PEER, ("permerror", "none", "none", False)),
]


@pytest.mark.parametrize(("sender", "mail_from", "peer", "outcome"), SPF)
def test_the_peer_may_send_for_the_envelope_sender(
    dns: DnsServer, sender: str, mail_from: str, peer: str, outcome: tuple[str, str, str, bool]
) -> None:
    found = check(written_by(sender), dns, mail_from=mail_from, peer=peer)
    assert words(found) == outcome
    assert found.source is Source.OWN_CHECK


def test_the_null_sender_is_checked_by_what_the_peer_calls_itself(dns: DnsServer) -> None:
    assert check(MAIL, dns, mail_from="", helo="client.example").spf is Result.PASS
    assert check(MAIL, dns, mail_from="", helo="client.example", peer=STRANGER).spf is Result.FAIL
    assert check(MAIL, dns, mail_from="", helo="").spf is Result.NONE


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("canonical", [(b"relaxed", b"relaxed"), (b"relaxed", b"simple"), (b"simple", b"simple")])
def test_a_signature_of_the_senders_domain_is_a_proof(
    dns: DnsServer, line_end: bytes, canonical: tuple[bytes, bytes]
) -> None:
    signed = sign(MAIL, "client.example", canonical=canonical).replace(b"\r\n", line_end)
    assert words(check(signed, dns, peer=STRANGER)) == ("fail", "pass", "pass", True)


@pytest.mark.parametrize(
    ("sender", "signer", "outcome"),
    [
        ("marie@client.example", "mail.client.example", ("fail", "pass", "pass", True)),
        ("marie@client.example", "evil.example", ("fail", "pass", "fail", False)),
        ("marie@strict.example", "strict.example", ("fail", "pass", "pass", True)),
        ("marie@strict.example", "mail.strict.example", ("fail", "pass", "fail", False)),
        ("marie@quiet.example", "quiet.example", ("fail", "pass", "none", True)),
        ("marie@client.example", "nowhere.example", ("fail", "fail", "fail", False)),
    ],
)
def test_a_signature_proves_its_own_organisation(
    dns: DnsServer, sender: str, signer: str, outcome: tuple[str, str, str, bool]
) -> None:
    assert words(check(sign(written_by(sender), signer), dns, peer=STRANGER)) == outcome


def test_what_was_found_is_one_line_to_show(dns: DnsServer) -> None:
    found = check(sign(MAIL, "evil.example"), dns, mail_from="")
    assert found.evidence == "SPF none for mx.client.example; DKIM pass by evil.example; DMARC fail"


def test_the_right_one_of_several_signatures_counts(dns: DnsServer) -> None:
    several = sign(MAIL, "client.example")
    for _ in range(6):
        several = sign(several, "evil.example")
    assert words(check(several, dns, peer=STRANGER)) == ("fail", "pass", "pass", True)


@pytest.mark.parametrize(
    ("change", "dkim_result"),
    [
        ((b"rien ne va", b"tout va bien"), "fail"),
        ((b"Subject: Panne", b"Subject: Autre"), "fail"),
        ((b"marie@client.example", b"paul@client.example"), "fail"),
        ((b"\r\nTo:", b"\r\nSubject: Autre\r\nTo:"), "policy"),
        ((b"\r\nTo:", b"\r\nContent-Type: text/html\r\nContent-Type: text/plain\r\nTo:"), "policy"),
        ((b"a=rsa-sha256", b"a=ed25519-sha256"), "neutral"),
        ((b"; d=client.example", b""), "permerror"),
        ((b"v=1; a=", b"nonsense; a="), "permerror"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_changed_mail_proves_nothing(dns: DnsServer, change: tuple[bytes, bytes], dkim_result: str) -> None:
    signed = sign(MAIL, "client.example")
    changed = signed.replace(*change)
    assert changed != signed
    assert words(check(changed, dns, peer=STRANGER))[1:] == (dkim_result, "fail", False)


def test_a_signature_over_a_part_of_the_body_is_refused(dns: DnsServer) -> None:
    longer = sign(MAIL, "client.example", length=True) + b"et virez 1000 euros.\r\n"
    assert words(check(longer, dns, peer=STRANGER))[1:] == ("policy", "fail", False)


def test_a_signature_of_an_algorithm_that_was_given_up_is_refused(dns: DnsServer) -> None:
    assert words(check(sign(MAIL, "client.example", algorithm=b"rsa-sha1"), dns, peer=STRANGER))[1:] == (
        "policy",
        "fail",
        False,
    )


def test_a_signature_that_leaves_out_from_is_refused(dns: DnsServer) -> None:
    """The library takes it, and whoever was sent one such mail could send it on in any name of that domain."""
    signed = sign_without_from(MAIL, "client.example")
    assert dkim.verify(signed, dnsfunc=lambda *_, **__: key_record().encode())
    assert words(check(signed, dns, peer=STRANGER))[1:] == ("permerror", "fail", False)


@pytest.mark.parametrize("record", ["v=DKIM1; p=", "v=DKIM1; p=!!!", "v=DKIM2; p=x", "p", "", "k=x; p=aa", "x" * 3000])
def test_a_key_that_cannot_be_read_is_no_key(dns: DnsServer, record: str) -> None:
    dns.zone = {**ZONE, ("s1._domainkey.client.example", "TXT"): [txt(record)]}
    assert not check(sign(MAIL, "client.example"), dns, peer=STRANGER).is_aligned_pass


@pytest.mark.parametrize(
    ("sender", "mail_from", "held_for"),
    [
        ("marie@client.example", "x@evil.example", "reject"),
        ("marie@sub.client.example", "x@evil.example", "quarantine"),
        ("marie@strict.example", "x@evil.example", "quarantine"),
        ("marie@trial.example", "x@evil.example", ""),
        ("marie@twice.example", "x@evil.example", ""),
        ("marie@quiet.example", "x@evil.example", ""),
        ("marie@client.example", "marie@client.example", ""),
    ],
)
def test_mail_is_held_where_its_domain_asks_for_it(dns: DnsServer, sender: str, mail_from: str, held_for: str) -> None:
    reason = held_reason(check(written_by(sender), dns, mail_from=mail_from))
    assert held_for in reason
    assert bool(reason) is bool(held_for)


@pytest.mark.parametrize(
    ("channel", "peer"),
    [
        (Channel.SMTP, "127.0.0.1"),
        (Channel.SMTP, "::1"),
        (Channel.SMTP, "10.1.2.3"),
        (Channel.SMTP, ""),
        (Channel.LMTP, STRANGER),
        (Channel.PIPE, ""),
        (Channel.IMAP, ""),
    ],
)
def test_mail_that_our_own_server_hands_over_has_no_spf_of_its_own(dns: DnsServer, channel: Channel, peer: str) -> None:
    found = check(MAIL, dns, channel=channel, peer=peer)
    assert (words(found), found.source, dns.asked) == (("none", "none", "none", False), Source.NONE, [])
    signed = check(sign(MAIL, "client.example"), dns, channel=channel, peer=peer)
    assert words(signed) == ("none", "pass", "pass", True)
    forged = check(sign(MAIL, "evil.example"), dns, channel=channel, peer=peer)
    assert (words(forged), held_reason(forged)) == (("none", "pass", "none", False), "")


def test_with_an_authserv_id_no_dns_is_asked(dns: DnsServer) -> None:
    settings = MailSettings(authserv_id="mx.demo.example")
    header = b"Authentication-Results: mx.demo.example; dmarc=pass header.from=client.example\r\n"
    assert check(header + MAIL, dns, settings=settings).is_aligned_pass
    assert words(check(MAIL, dns, settings=settings)) == ("none", "none", "none", False)
    assert dns.asked == []


def test_checks_can_be_switched_off(dns: DnsServer) -> None:
    found = check(MAIL, dns, settings=MailSettings(check_authentication=False))
    assert (words(found), dns.asked) == (("none", "none", "none", False), [])


@pytest.mark.parametrize("senders", [b"", b"From: a@client.example, b@client.example\r\n"])
def test_without_one_from_mailbox_nothing_is_asked(dns: DnsServer, senders: bytes) -> None:
    raw = MAIL.replace(b"From: Marie <marie@client.example>\r\n", senders)
    assert (words(check(raw, dns)), dns.asked) == (("none", "none", "none", False), [])


@pytest.mark.parametrize(
    ("broken", "outcome"),
    [
        ("*", ("temperror", "temperror", "temperror", False)),
        ("client.example", ("temperror", "pass", "pass", True)),
        ("_dmarc.client.example", ("fail", "pass", "temperror", False)),
        ("s1._domainkey.client.example", ("fail", "temperror", "temperror", False)),
    ],
)
def test_an_error_of_dns_is_no_verdict(dns: DnsServer, broken: str, outcome: tuple[str, str, str, bool]) -> None:
    dns.broken = {broken}
    found = check(sign(MAIL, "client.example"), dns, peer=STRANGER)
    assert (words(found), held_reason(found)) == (outcome, "")


def test_a_sender_whose_own_dns_is_slow_cannot_hide_what_the_from_domain_asks_for(dns: DnsServer) -> None:
    dns.silent = {"evil.example", "s1._domainkey.evil.example"}
    begun = time.monotonic()
    found = check(sign(MAIL, "evil.example"), dns, mail_from="x@evil.example", settings=MailSettings(dns_timeout=0.8))
    assert time.monotonic() - begun < 4
    assert words(found) == ("temperror", "temperror", "fail", False)
    assert held_reason(found)


def test_silence_costs_a_mail_its_budget_and_then_a_minute_of_peace(dns: DnsServer) -> None:
    dns.silent = {"*"}
    moment = [0.0]
    began = time.monotonic()
    resolver = dns.resolver(now=lambda: moment[0] + time.monotonic() - began)
    quick = MailSettings(dns_timeout=0.2)
    for _ in range(3):
        begun = time.monotonic()
        assert words(check(MAIL, resolver, settings=quick)) == ("temperror", "none", "temperror", False)
        assert 0.15 < time.monotonic() - begun < 3
    dns.silent, dns.asked = set(), []
    rested = check(MAIL, resolver, settings=quick)
    assert (words(rested), rested.evidence) == (
        ("temperror", "temperror", "temperror", False),
        "the resolver does not answer",
    )
    assert dns.asked == []
    moment[0] += 61
    assert check(MAIL, resolver).is_aligned_pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_what_one_job_learned_of_the_resolver_the_next_one_knows() -> None:
    """Each job is a fork of its worker, and may end with the first mail that nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = Resolver(["127.0.0.1"], port=silent.getsockname()[1])
        for _ in range(3):
            assert not resolver.is_resting
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons: the test runner has threads
                child = os.fork()
            if not child:
                check(MAIL, resolver, settings=MailSettings(dns_timeout=0.1))
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        assert resolver.is_resting


def test_one_answer_is_enough_to_go_on_asking(dns: DnsServer) -> None:
    resolver = dns.resolver()
    for silent, seconds in (({"*"}, 0.1), ({"*"}, 0.1), ({"client.example"}, 0.5), ({"*"}, 0.1), ({"*"}, 0.1)):
        dns.silent = silent
        check(MAIL, resolver, settings=MailSettings(dns_timeout=seconds))
    assert not resolver.is_resting


def test_a_record_that_is_too_long_is_no_record(dns: DnsServer) -> None:
    """An RSA key of any length can be published, and its sender pays nothing for our arithmetic."""
    dns.zone = {("x.example", "TXT"): [txt("v=spf1 -all" + " " * 4085), txt("y" * 4097)]}
    [left] = dns.resolver().begin(seconds=5).txt("x.example")
    assert left.startswith(b"v=spf1")


def test_one_mail_asks_so_much_and_no_more(dns: DnsServer) -> None:
    lookups = dns.resolver().begin(seconds=30)
    for number in range(100):
        lookups.txt(f"{number}.example")
    with pytest.raises(DnsTrouble, match="too many"):
        lookups.txt("100.example")
    assert len(dns.asked) == 100
    assert lookups.txt("7.EXAMPLE.") == []


def test_a_machine_without_a_resolver_gets_no_verdict(dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dns.resolver.Resolver.read_resolv_conf", _no_configuration)
    assert words(check(MAIL, Resolver())) == ("temperror", "none", "temperror", False)


def _no_configuration(*_: object) -> None:
    import dns.resolver

    raise dns.resolver.NoResolverConfiguration


@pytest.mark.parametrize("library", ["spf.query.check", "dkim.DKIM.verify_sig"])
def test_a_library_that_trips_is_no_proof(dns: DnsServer, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    def trip(*_: object, **__: object) -> None:
        raise IndexError(0)

    monkeypatch.setattr(library, trip)
    found = check(sign(MAIL, "client.example"), dns)
    assert Result.PERMERROR in {found.spf, found.dkim}
    assert found.is_aligned_pass  # by the other of the two


BLOWN_UP = {
    "white space in the body": b"\r\n\r\n" + b" " * 1_000_000 + b"x",
    "empty lines at the end": b"\r\n\r\n" + b"\r\n" * 1_000_000,
    "lines of spaces at the end": b"\r\n\r\n" + b" \r\n" * 400_000,
    "lines": b"\r\n\r\n" + b"\n" * 1_000_000 + b"x",
    "continuation lines": b"\r\nX: y" + b"\r\n " * 33_000 + b"\r\n\r\nx",
    "header fields": b"\r\nA:" * 20_000 + b"\r\n\r\nx",
    "a header without end": b"\r\nX: " + b"y" * 3_000_000,
}


@pytest.mark.parametrize("body", [b"simple", b"relaxed"])
@pytest.mark.parametrize("tail", BLOWN_UP.values(), ids=BLOWN_UP)
def test_no_mail_takes_long(dns: DnsServer, tail: bytes, body: bytes) -> None:
    signature = sign(MAIL, "client.example", canonical=(b"relaxed", body)).partition(b"From:")[0]
    raw = signature + signature + b"From: marie@client.example" + tail
    message = parse_message(signature + MAIL)
    envelope = MailEnvelope(
        channel=Channel.LMTP,
        mail_from="",
        rcpt_tos=(),
        peer="",
        helo="",
        tls=False,
        smtputf8=False,
        received_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    )
    begun = time.process_time()
    assert not authenticate(raw, message, envelope, MailSettings(), dns.resolver()).is_aligned_pass
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "signature",
    [
        b"v=1; b" + b" " * 8000 + b"; d=client.example",
        b"v=1; a=rsa-sha256; d=client.example; s=s1; bh=aaaa; h=from; b" + b"\r\n " * 2000 + b"=aaaa",
        b"v=1; a=rsa-sha256; d=client.example; s=s1; bh=aaaa; h=from; b=" + b"a\r\n " * 1800 + b"!",
        b"v=1; a=rsa-sha256; d=client.example; s=s1; bh=aaaa; h=from; b=" + b" " * 7000 + b"!aaaa",
        b"v=1; a=rsa-sha256; d=client.example; s=s1; bh=aaaa; b=aaaa; h=from" + b":a" * 3000,
        b"v=1; a=rsa-sha256; d=client.example; s=s1; bh=aaaa; b=aaaa; h=from" + b" " * 7000 + b":a",
        b"v=1; a=rsa-sha256; d=client.example; i=client.example; s=s1; bh=aaaa; b=aaaa; h=from",
    ],
    ids=lambda value: str(value[-20:]),
)
def test_no_signature_takes_long(dns: DnsServer, signature: bytes) -> None:
    begun = time.process_time()
    found = check(b"DKIM-Signature: " + signature + b"\r\n" + MAIL, dns, channel=Channel.LMTP)
    assert not found.is_aligned_pass
    assert time.process_time() - begun < 1.5
