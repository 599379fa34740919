"""SPF, DKIM and DMARC are checked against a real DNS server: what passes, what fails, and what nobody answers."""

import dkim
import pytest

from gateway.config.model import MailSettings
from gateway.domain.ticket import Channel
from gateway.mail.authentication import Result, Source
from inbound.authentication import held_reason
from tests.support.authentication import MAIL, PEER, STRANGER, ZONE, check, words, written_by
from tests.support.dns import DnsServer, txt
from tests.support.signing import key_record, sign, sign_without_from

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
