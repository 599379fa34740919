"""The provider's REST side, where the settings look for it: so that our jobs fetch what a simulated caller said."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from gateway.config.telephony import TelephonySettings
from telephony.simulator.account import Account
from telephony.simulator.rest import RestApi
from telephony.simulator.serving import served

PATIENCE = 30.0
"""Seconds that a job may take to fetch a message."""

_HERE = frozenset({"127.0.0.1", "localhost"})


@contextmanager
def standing_in(telephony: TelephonySettings, account: Account) -> Iterator[bool]:
    """Serve the account at `telephony.api_base` if that is a port of this machine; says whether it is.

    Raises Deferred where something else listens there.
    """
    parts = urlsplit(telephony.api_base)
    if parts.hostname not in _HERE or not parts.port or not telephony.auth_tokens:
        yield False
        return
    with served(RestApi(account=account, secret=telephony.auth_tokens[0]), port=parts.port):
        yield True


def wait_until_fetched(account: Account, *, seconds: float = PATIENCE) -> bool:
    """True once every message was fetched, which ends by deleting it; False where one is still there after this."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while any(recording.status == "completed" for recording in list(account.recordings.values())):
        if time.monotonic() > deadline:
            return False
        pause.wait(0.1)
    return True
