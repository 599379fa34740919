"""For how long no mail is sent to an address that mail came back from. Pure.

The whole schedule:

- hard bounce (the address is to blame): 7 days; for each further one twice as long as the last time, at most 90 days
- any bounce while mail is suppressed: nothing changes, it is of a mail that was under way already
- a hard bounce later than 90 days after the last suppression ended is a first one again
- soft bounce (delay, mailbox full, policy): nothing; the fifth within 7 days of the first suppresses for 1 day, and
  so does each one after it within those 7 days; then the count begins anew
- a soft bounce once a hard one has run out begins such a count: somebody is at home again
- mail received from the address, or an operator, lifts everything: what comes next is a first one
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.mail.bounce import Outcome

FIRST = timedelta(days=7)
LONGEST = timedelta(days=90)
REMEMBERED = timedelta(days=90)
SOFT_LIMIT = 5
SOFT_WINDOW = timedelta(days=7)
SOFT_PAUSE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """What is remembered of an address that mail came back from.

    `permanent`: by hard bounces. `bounces` counts those of one kind; `since` is the last hard or the first soft one.
    No mail is sent before `until`. `status` and `reason` are those of the last bounce that counted.
    """

    address: str
    permanent: bool
    bounces: int
    status: str
    reason: str
    since: datetime
    until: datetime

    def is_active(self, now: datetime) -> bool:
        """True while no mail is sent to the address."""
        return now < self.until


def after_bounce(earlier: Suppression | None, outcome: Outcome, *, address: str, now: datetime) -> Suppression:
    """What is remembered of an address after a mail to it came back at `now`; the module's text is the rule."""
    if earlier is not None and earlier.is_active(now):
        return earlier
    bounces, since, until = _hard(earlier, now) if outcome.is_hard else _soft(earlier, now)
    return Suppression(
        address=address,
        permanent=outcome.is_hard,
        bounces=bounces,
        status=outcome.status,
        reason=outcome.diagnostic,
        since=since,
        until=until,
    )


def _hard(earlier: Suppression | None, now: datetime) -> tuple[int, datetime, datetime]:
    """The count, since and until of a hard bounce."""
    known = earlier is not None and earlier.permanent and now < earlier.until + REMEMBERED
    bounces = earlier.bounces + 1 if known and earlier is not None else 1
    doublings = min(bounces - 1, 10)
    return bounces, now, now + min(FIRST * 2**doublings, LONGEST)


def _soft(earlier: Suppression | None, now: datetime) -> tuple[int, datetime, datetime]:
    """The count, since and until of a soft bounce; `until` is now where nothing is suppressed yet."""
    if earlier is None or earlier.permanent or now >= earlier.since + SOFT_WINDOW:
        return 1, now, now
    bounces = earlier.bounces + 1
    return bounces, earlier.since, now + SOFT_PAUSE if bounces >= SOFT_LIMIT else now
