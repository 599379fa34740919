"""Addresses as we compare them: one form for one mailbox, and no text from outside that breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.address import domain_of, is_address, mailbox_key, normalise_address, split_detail


@pytest.mark.parametrize(
    ("written", "form"),
    [
        (" Marie@Client.EXAMPLE ", "marie@client.example"),
        ("marie@client.example.", "marie@client.example"),
        ("marie@Mairie-Évry.example", "marie@xn--mairie-vry-h7a.example"),
        ("marie@XN--MAIRIE-VRY-H7A.example", "marie@xn--mairie-vry-h7a.example"),
        ("marie@ｃｌｉｅｎｔ．example", "marie@client.example"),
        ("marie@client。example", "marie@client.example"),
        ("marie@straße.example", "marie@xn--strae-oqa.example"),
        ("Élodie@client.example", "élodie@client.example"),
        ('"A@B"@Client.example', '"a@b"@client.example'),
        ("marie@[IPv6:2001:DB8::1]", "marie@[ipv6:2001:db8::1]"),
        ("Postmaster", "postmaster"),
        ("", ""),
    ],
)
def test_one_address_has_one_form(written: str, form: str) -> None:
    assert normalise_address(written) == form


@pytest.mark.parametrize("domain", ["é..example", "a_é.example", "℀.example", "é" * 300, "\udce9.example", "[é]"])
def test_what_cannot_be_a_domain_is_only_lowered(domain: str) -> None:
    assert normalise_address(f"Marie@{domain}") == f"marie@{domain}"


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_form_of_a_form_is_itself(local: str, domain: str) -> None:
    form = normalise_address(f"{local}@{domain}")
    assert normalise_address(form) == form
    assert mailbox_key(form) == mailbox_key(f"{local}@{domain}")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("marie@client.example", "marie@client.example"),
        ("Marie+1@Client.example", "marie@client.example"),
        ("marie+1+2@client.example.", "marie@client.example"),
        ("marie+@client.example", "marie@client.example"),
        ('"marie+2"@client.example', "marie@client.example"),
        ('"ma\\rie"@client.example', "marie@client.example"),
        ("marie+1@mairie-évry.example", "marie@xn--mairie-vry-h7a.example"),
        ("+33612345678@sms.example", "+33612345678@sms.example"),
        ('"@client.example', '"@client.example'),
        ("postmaster", "postmaster"),
    ],
)
def test_addresses_that_end_in_one_mailbox_have_one_key(address: str, key: str) -> None:
    assert mailbox_key(address) == key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@b", True),
        ('"a b"@b.example', True),
        ("é@b.example", True),
        ("a@[127.0.0.1]", True),
        (f"{'a' * 248}@b.com", True),
        (f"{'a' * 249}@b.com", False),
        ("a@b@c", False),
        ("a b@c.example", False),
        ("<a@b.example>", False),
        ("a@b.example\n", False),
        ("a,b@c.example", False),
        ("@b.example", False),
        ("a@", False),
        ("a", False),
        ("", False),
    ],
)
def test_an_address_is_one_plain_mailbox_with_nothing_around_it(text: str, expected: bool) -> None:
    assert is_address(text) is expected


def test_an_address_comes_apart_into_its_plain_form_its_detail_and_its_domain() -> None:
    assert split_detail("support+r-1@a.example") == ("support@a.example", "r-1")
    assert split_detail("support@a.example") == ("support@a.example", "")
    assert domain_of("a@b@C.example") == "c.example"
    assert domain_of("postmaster") == ""
