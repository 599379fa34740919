"""Codes of an app that change every thirty seconds: TOTP as RFC 6238 says it, with what every app can do (SHA-1, six
digits, RFC 4226)."""

import hmac
from base64 import b32encode
from datetime import datetime
from urllib.parse import quote, urlencode

SECRET_BYTES = 20  # 160 bits, as RFC 4226 section 4 recommends
_PERIOD = 30  # seconds
_DIGITS = 6
_WINDOW = 1  # steps before and after: a clock may be half a minute wrong


def step_at(at: datetime) -> int:
    """The number of the time step that a moment lies in."""
    return int(at.timestamp()) // _PERIOD


def code_of(secret: bytes, step: int) -> str:
    """The code of a time step (RFC 4226 section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def find_step(secret: bytes, code: str, *, now: datetime) -> int | None:
    """The time step of which this is the code, of now and its neighbours; None for any other code.

    Whether that step's code was used before is another question, which only the database can answer once.
    """
    present = step_at(now)
    steps = range(present - _WINDOW, present + _WINDOW + 1)
    # Every step is compared whatever the earlier ones said, so that time tells nothing.
    found = [step for step in steps if hmac.compare_digest(code_of(secret, step).encode(), code.encode())]
    return found[-1] if found else None


def key_uri(secret: bytes, *, issuer: str, account: str) -> str:
    """What the square code for the app says (the Key URI Format of Google Authenticator, which all apps read)."""
    label = quote(f"{issuer}:{account}", safe=":@")
    query = urlencode({"secret": typed_secret(secret), "issuer": issuer}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"


def typed_secret(secret: bytes) -> str:
    """The secret as it is typed into an app."""
    return b32encode(secret).decode().rstrip("=")
