"""A browser by which somebody signed in before: what fails there is counted apart.

So nobody who guesses at an address keeps its owner out of the browser that they use every day. The token opens nothing:
it only gives its holder waits of their own (OWASP, "Device Cookies").
"""

import secrets
from datetime import timedelta

from gateway.mail.tokens import BadToken, Purpose
from gateway.runtime import Runtime

KNOWN_DAYS = 365
_CHANCE_BITS = 60


def make_known(runtime: Runtime, person_id: int) -> str:
    """What a browser keeps after this person signed in by it."""
    today = runtime.clock.now().date()
    return runtime.signer.sign(Purpose.KNOWN_BROWSER, person_id, secrets.randbits(_CHANCE_BITS), today=today)


def counted_under(runtime: Runtime, address: str, *, person_id: int | None, known: str) -> str:
    """What the tries at this (normalised) address are counted under: the address, or this browser's own count where
    `known` says that this person signed in by it before."""
    try:
        numbers = runtime.signer.verify(
            Purpose.KNOWN_BROWSER, known, today=runtime.clock.now().date(), lifetime=timedelta(days=KNOWN_DAYS)
        )
    except BadToken:
        return address
    is_theirs = len(numbers) == 2 and numbers[0] == person_id
    return f"{address} {numbers[1]}" if is_theirs else address
