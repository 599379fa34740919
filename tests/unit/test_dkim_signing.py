"""What we send is signed so that others can verify it: with RSA by dkimpy, with Ed25519 by the letter of RFC 8463."""

import base64
import re
from datetime import UTC, datetime
from hashlib import sha256

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.dkim_signing import BadKey, Key, read_key, sign

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
MAIL = (
    b"From: Support <support@demo.example>\r\nTo: marie@example.org\r\nSubject: =?utf-8?q?=C3=89cran?=\r\n"
    b"References: <a@example.org>\r\n <b@example.org>\r\nX-Other: x\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative;\r\n boundary="=_x"\r\n\r\nBonjour,  Marie \r\n\r\n.\r\n\r\n\r\n'
)


def pem(key: Key | ec.EllipticCurvePrivateKey, form: str = "PKCS8") -> str:
    private = getattr(serialization.PrivateFormat, form)
    return key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()).decode()


def record() -> bytes:
    der = RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def is_good(content: bytes, asked: list[bytes] | None = None) -> bool:
    """What a receiver with dkimpy finds, with our record in the DNS."""

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        if asked is not None:
            asked.append(name)
        return record()

    return bool(dkim.verify(content, dnsfunc=look_up))


def signed(content: bytes = MAIL, key: Key = RSA) -> bytes:
    return sign(content, key=key, domain="demo.example", selector="gw", at=NOW)


def test_a_receiver_finds_the_signature_good_by_the_key_in_the_dns() -> None:
    asked: list[bytes] = []
    assert is_good(signed(), asked)
    assert asked == [b"gw._domainkey.demo.example."]
    assert all(len(line) <= 78 for line in signed().split(b"\r\n"))


@pytest.mark.parametrize(
    ("old", "new", "good"),
    [
        (b"Bonjour,  Marie ", b"Bonjour, Marie", True),  # relaxed: white space may change
        (b"X-Other: x", b"X-Other: y", True),  # not ours to promise
        (b"Bonjour", b"Bonsoir", False),
        (b"To: marie@", b"To: paul@", False),
        (b"X-Other: x", b"Subject: another", False),  # a second one
        (b"X-Other: x", b"Reply-To: thief@example.org", False),  # one that was not there
    ],
)
def test_what_may_change_on_the_way_and_what_may_not(old: bytes, new: bytes, good: bool) -> None:
    assert is_good(signed().replace(old, new, 1)) is good


@given(
    body=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.just("\t"), max_size=30), max_size=8),
    subject=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
)
def test_whatever_we_write_verifies(body: list[str], subject: str) -> None:
    content = MAIL.replace(b"=?utf-8?q?=C3=89cran?=", subject.encode())
    head, _, _ = content.partition(b"\r\n\r\n")
    assert is_good(signed(head + b"\r\n\r\n" + "".join(f"{line}\r\n" for line in body).encode()))


def test_ed25519_signs_the_sum_of_what_dkimpy_would_hash() -> None:
    content = signed(key=ED25519)
    field = content[: content.index(b"\r\nFrom:")]
    assert b"a=ed25519-sha256" in field
    value = base64.b64decode(re.sub(rb"\s", b"", field.rpartition(b"b=")[2]))
    relaxed = dkim.CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    names = re.sub(rb"\s", b"", field.split(b"h=")[1].split(b";")[0]).split(b":")
    fields = dkim.rfc822_parse(content)[0]
    hashed = dkim.select_headers(relaxed.canonicalize_headers(fields), names)
    unsigned = field[: field.rindex(b"b=") + 2].partition(b":")[2]
    ((_, own),) = relaxed.canonicalize_headers([(b"dkim-signature", unsigned)])
    data = b"".join(name + b":" + text for name, text in hashed) + b"dkim-signature:" + own.rstrip(b"\r\n")
    ED25519.public_key().verify(value, sha256(data).digest())


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
def test_a_key_is_read_as_openssl_writes_it(form: str) -> None:
    assert read_key(pem(RSA, form)).public_key() == RSA.public_key()


@pytest.mark.parametrize(
    "text", ["", "nonsense", pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)).replace("M", "N")]
)
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadKey) as caught:
        read_key(text)
    assert "nonsense" not in str(caught.value)


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(BadKey, match="neither"):
        read_key(pem(ec.generate_private_key(ec.SECP256R1())))
