"""Signing what we send with DKIM (RFC 6376, with Ed25519 as RFC 8463 has it), relaxed/relaxed.

Written here because the fields are our own and few, and because the library that verifies incoming mail signs with
Ed25519 only beside a second implementation of it. A mail is signed when it leaves, so that no row keeps a signature.
"""

import base64
import re
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from gateway.errors import Refused

MIN_BITS = 1024  # RFC 8301 section 3.2; what signs today should have 2048
_SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "reply-to",
    "auto-submitted",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "mime-version",
    "content-type",
)
# Named once more than they stand, so that nobody can add a second one (RFC 6376 section 8.15).
_NO_SECOND = ("from", "to", "subject", "date", "reply-to")
_LINE = 70


class BadKey(Refused):
    """Not a private key that can sign."""


Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def read_key(text: str) -> Key:
    """The private key in PEM, RSA or Ed25519, without a password. Raises BadKey, with nothing of it in the text."""
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey("not a private key in PEM without a password") from None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < MIN_BITS:
            raise BadKey(f"an RSA key of {key.key_size} bits is too short")
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise BadKey("neither an RSA nor an Ed25519 key")


def sign(content: bytes, *, key: Key, domain: str, selector: str, at: datetime) -> bytes:
    """The mail (with CRLF) with a DKIM-Signature on top; `at` is when it is signed."""
    head, _, body = content.partition(b"\r\n\r\n")
    fields = _fields(head)
    names = [name for name in _SIGNED if name in fields or name in _NO_SECOND]
    listed = [*names, *(name for name in _NO_SECOND if name in fields)]
    algorithm = "rsa-sha256" if isinstance(key, rsa.RSAPrivateKey) else "ed25519-sha256"
    body_hash = base64.b64encode(sha256(_relaxed_body(body)).digest()).decode()
    tags = (
        f"v=1; a={algorithm}; c=relaxed/relaxed; d={domain}; s={selector};\r\n"
        f"\tt={int(at.timestamp())}; h={_folded(listed)};\r\n\tbh={body_hash};\r\n\tb="
    )
    signed = b"".join(_relaxed_field(name, fields[name]) + b"\r\n" for name in names if name in fields)
    signed += _relaxed_field("dkim-signature", tags.encode())
    value = base64.b64encode(_signature(key, signed)).decode()
    lines = "\r\n\t ".join(value[start : start + _LINE] for start in range(0, len(value), _LINE))
    return f"DKIM-Signature: {tags}{lines}\r\n".encode() + content


def _signature(key: Key, signed: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(sha256(signed).digest())


def _fields(head: bytes) -> dict[str, bytes]:
    """The values by lower-case name; of our own mail, in which no signed field stands twice."""
    found = {}
    for field in re.split(rb"\r\n(?![ \t])", head):
        name, _, value = field.partition(b":")
        found[name.decode("ascii").lower()] = value
    return found


def _relaxed_field(name: str, value: bytes) -> bytes:
    """RFC 6376 section 3.4.2."""
    unfolded = value.replace(b"\r\n", b"")
    return name.encode() + b":" + re.sub(rb"[ \t]+", b" ", unfolded).strip(b" ")


def _relaxed_body(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _folded(names: list[str]) -> str:
    half = len(names) // 2
    return ":".join(names[:half]) + ":\r\n\t" + ":".join(names[half:])
