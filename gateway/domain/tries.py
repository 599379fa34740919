"""How long to wait after failed tries to sign in: a little longer each time, never for good.

Failures count for a day. The first few cost nothing; then the wait doubles from a minute to a quarter of an hour,
after the last failure. So a hundred tries a day can be made in the worst case (NIST SP 800-63B section 5.2.2), and
whoever was mistaken, or has somebody guess at their address, waits fifteen minutes and no longer; in a browser by which
they signed in before they do not wait for what others guess (`services.known_browser`). What is tried while
there is a wait is not looked at and counts for nothing.
"""

from datetime import datetime, timedelta
from hashlib import sha256

COUNTED = timedelta(days=1)
FREE_OF_ADDRESS = 5
FREE_OF_PEER = 20  # an office may share one address on the network
FREE_OF_LINKS = 100  # nobody guesses a hundred random bits, and many people click on a link that is over
_FIRST = timedelta(minutes=1)
LONGEST = timedelta(minutes=15)
TOLD_SINGLY = 20
TOLD_WITHIN = timedelta(hours=1)


def failures_in_force(failures: int, last_at: datetime, *, now: datetime) -> int:
    """The failures that still count: none a day after the last."""
    return failures if now - last_at < COUNTED else 0


def wait_left(failures: int, last_at: datetime, *, free: int, now: datetime) -> timedelta:
    """How long it is until the next try is looked at; zero where it is now."""
    over = failures_in_force(failures, last_at, now=now) - free
    if over < 0:
        return timedelta(0)
    wait = min(_FIRST * (1 << min(over, 10)), LONGEST)
    return max(last_at + wait - now, timedelta(0))


def key_of_address(email: str) -> str:
    """The key under which tries at this (normalised) address are counted: a sum, so that what is typed is not kept."""
    return sha256(f"address:{email}".encode()).hexdigest()


def key_of_links(peer: str) -> str:
    """The key under which refused links from this place on the network are counted: they keep nobody's password out."""
    return sha256(f"links:{peer}".encode()).hexdigest()


def key_of_told(person_id: int | None, way: str, why: str) -> str:
    """The key under which is counted how often the audit log was told of the same failure."""
    return sha256(f"told:{person_id}:{way}:{why}".encode()).hexdigest()


def key_of_peer(peer: str) -> str:
    """The key under which tries from this place on the network are counted."""
    return sha256(f"peer:{peer}".encode()).hexdigest()


def is_told(times: int) -> bool:
    """True where the audit log is to be told of the same failure for this many-th time in an hour.

    - one of the first twenty
    - each time that there are twice as many: a flood is in the log with its size, and does not fill the disk
    """
    return times <= TOLD_SINGLY or times & (times - 1) == 0
