"""Signing mails with DKIM as senders do, with a key of this test run."""

import base64
from functools import lru_cache
from hashlib import sha256

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


def key_record() -> str:
    """The public key as it is published in DNS (RFC 6376 section 3.6.1)."""
    der = _key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def sign(
    raw: bytes,
    domain: str,
    *,
    selector: str = "s1",
    algorithm: bytes = b"rsa-sha256",
    canonical: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
    length: bool = False,
    fields: list[bytes] | None = None,
) -> bytes:
    """The mail with a DKIM-Signature on top; `fields` are signed, by default the usual ones."""
    pem = _key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    signature: bytes = dkim.sign(
        raw,
        selector.encode(),
        domain.encode(),
        pem,
        canonicalize=canonical,
        signature_algorithm=algorithm,
        length=length,
        include_headers=fields,
    )
    return signature + raw


def sign_without_from(raw: bytes, domain: str) -> bytes:
    """The mail with a signature that covers its Subject and its body, and leaves out From, as RFC 6376 forbids."""
    head, _, body = raw.partition(b"\r\n\r\n")
    subject = next(line for line in head.split(b"\r\n") if line.startswith(b"Subject: "))
    body_sum = base64.b64encode(sha256(body.rstrip(b"\r\n") + b"\r\n").digest()).decode()
    value = f"v=1; a=rsa-sha256; c=relaxed/simple; d={domain}; s=s1; h=subject; bh={body_sum}; b="
    signed = b"subject:" + subject.removeprefix(b"Subject: ") + b"\r\ndkim-signature:" + value.encode()
    signature = base64.b64encode(_key().sign(signed, padding.PKCS1v15(), hashes.SHA256())).decode()
    return f"DKIM-Signature: {value}{signature}\r\n".encode() + raw
