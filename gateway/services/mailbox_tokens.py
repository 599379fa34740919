"""The OAuth tokens of a mailbox, kept in the database, sealed.

A copy of the database lets nobody into a mailbox: what is kept is encrypted and authenticated (Fernet), by a key
derived from the signing key. After a change of that key the one before still opens what it sealed.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime

from gateway.db.mailboxes import find_sealed, keep_sealed
from gateway.errors import Deferred
from gateway.runtime import Runtime
from gateway.services.seal import seal, unseal


class SealBroken(Deferred):
    """What is kept was sealed by a key that we do not have, or for another mailbox."""


_PURPOSE = b"gateway mailbox tokens"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a provider gave us. `expires_at` is that of the access token, in UTC."""

    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: datetime


def find_tokens(runtime: Runtime, mailbox: str) -> Tokens | None:
    """The tokens of a mailbox; None before anybody consented. Raises SealBroken, DatabaseTrouble."""
    with runtime.database.reading() as connection:
        sealed = find_sealed(connection, mailbox)
    if sealed is None:
        return None
    try:
        document = json.loads(unseal(runtime.settings, _PURPOSE, sealed) or b"")
        if document["mailbox"] != mailbox:
            raise ValueError("a row was copied from one mailbox to another")
        return Tokens(
            refresh_token=document["refresh_token"],
            access_token=document["access_token"],
            expires_at=datetime.fromisoformat(document["expires_at"]),
        )
    except (ValueError, KeyError) as error:
        raise SealBroken("the consent that is kept was sealed by another signing key") from error


def keep_tokens(runtime: Runtime, mailbox: str, tokens: Tokens) -> None:
    """Keep the tokens of a mailbox in place of those before. Raises DatabaseTrouble."""
    document = {
        "mailbox": mailbox,  # so that a row moved to another mailbox opens nothing
        "refresh_token": tokens.refresh_token,
        "access_token": tokens.access_token,
        "expires_at": tokens.expires_at.isoformat(),
    }
    sealed = seal(runtime.settings, _PURPOSE, json.dumps(document).encode())
    with runtime.database.transaction() as connection:
        keep_sealed(connection, mailbox, sealed, now=runtime.clock.now())
