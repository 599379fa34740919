"""Sealing what we alone must read again: encrypted and authenticated (Fernet), by keys drawn from the signing keys.

A copy of the database opens nothing. After a change of the signing key the one before still opens what it sealed.
"""

import base64
import hmac

from cryptography.fernet import Fernet, MultiFernet

from gateway.config.load import Settings
from gateway.config.locations import signing_keys


def seal_for(settings: Settings, purpose: bytes) -> MultiFernet:
    """Seals for one purpose; what was sealed for another is not opened."""
    derived = [hmac.digest(key, purpose, "sha256") for key in signing_keys(settings)]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
