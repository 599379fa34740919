"""When a mail that did not get through is tried again.

The whole schedule, counted from one attempt to the next:
1 min, 5 min, 15 min, 1 h, 2 h, 4 h, then every 8 h eight times. That is fifteen attempts in about three days;
after the last one the mail has failed. Each pause is stretched or shortened by up to a fifth, so that what
failed together does not come back together.
"""

from datetime import timedelta
from random import Random

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240, *[480] * 8))
LAST_ATTEMPT = len(PAUSES) + 1
_JITTER = 0.2


def next_pause(attempts: int, *, chance: Random) -> timedelta | None:
    """How long to wait after the `attempts`-th attempt has failed; None when that was the last one."""
    if attempts > len(PAUSES):
        return None
    return PAUSES[attempts - 1] * chance.uniform(1 - _JITTER, 1 + _JITTER)
