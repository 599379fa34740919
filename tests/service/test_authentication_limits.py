"""Checks of the sender end in time and with a verdict, whatever the DNS, the mail or a library does."""

import os
import socket
import time
import warnings
from datetime import UTC, datetime

import pytest

from gateway.config.model import MailSettings
from gateway.domain.ticket import Channel
from gateway.mail.authentication import Result
from gateway.mail.envelope import MailEnvelope
from inbound.authentication import Resolver, authenticate, held_reason
from inbound.authentication.resolver import DnsTrouble
from inbound.parse import parse_message
from tests.support.authentication import MAIL, STRANGER, check, words
from tests.support.dns import DnsServer, txt
from tests.support.signing import sign


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
