"""Sealing what we alone must read again: encrypted and authenticated (Fernet), by keys drawn from the signing keys.

A copy of the database opens nothing. After a change of the signing key the one before still opens what it sealed.
The library is taken up when something is sealed: most processes never do, and it would stay in their memory.
"""

import base64
import hmac
from typing import TYPE_CHECKING

from gateway.config.load import Settings
from gateway.config.locations import signing_keys

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


def seal(settings: Settings, purpose: bytes, content: bytes) -> str:
    """The content sealed for one purpose."""
    return _seal(settings, purpose).encrypt(content).decode()


def unseal(settings: Settings, purpose: bytes, sealed: str) -> bytes | None:
    """What was sealed for this purpose; None for anything else, and for what another key has sealed."""
    from cryptography.fernet import InvalidToken

    try:
        return _seal(settings, purpose).decrypt(sealed.encode())
    except InvalidToken:
        return None


def _seal(settings: Settings, purpose: bytes) -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet

    derived = [hmac.digest(key, purpose, "sha256") for key in signing_keys(settings)]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
