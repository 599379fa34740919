"""What a mail that belongs to a ticket does to it: joins, wakes it up, or begins a ticket that follows it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.ticket import Status
from gateway.domain.trace import Said

BURST = "burst"  # the rule that puts a mail onto a ticket for no other reason than that too many came


class Joining(StrEnum):
    """The effect on the ticket."""

    APPEND = "append"  # the entry, and nothing else
    RESUME = "resume"  # it waited for this person: work goes on
    REOPEN = "reopen"  # it was at its end and is not
    FOLLOW_UP = "follow up"  # a new ticket that refers to it


@dataclass(frozen=True, kw_only=True)
class JoiningRules:
    """The operator's choice: how long a closed ticket can be reopened, and how often an hour any ticket can."""

    reopen_days: int
    reopenings_per_hour: int


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What is known of the mail. `proved`: its sender showed a token of ours, or is who they say (DMARC aligned)."""

    at: datetime
    automatic: bool
    from_agent: bool
    proved: bool


def decide_joining(
    arrival: Arrival, *, status: Status, closed_at: datetime | None, reopenings: int, rules: JoiningRules
) -> tuple[Joining, str]:
    """The effect, and why. `reopenings` counts those of the last hour.

    - an automatic mail never wakes a ticket, and an agent's answer does so only on purpose
    - a ticket that waits for its reporter goes on
    - a resolved ticket, or one closed not too long ago, is reopened by whoever proves to be on it; without the
      proof what they wrote begins a ticket of its own, which nobody overlooks
    - a ticket that was reopened too often within the hour stays as it is: two machines may be talking
    """
    if status not in {Status.PENDING, Status.RESOLVED, Status.CLOSED}:
        return Joining.APPEND, Said("the ticket is {status}", status=status)
    if arrival.automatic:
        return Joining.APPEND, "an automatic mail wakes no ticket"
    if arrival.from_agent:
        return Joining.APPEND, "an agent changes the state on purpose"
    if status is Status.PENDING:
        return Joining.RESUME, "the ticket waited for its reporter"
    return _wake(arrival, status=status, closed_at=closed_at, reopenings=reopenings, rules=rules)


def _wake(
    arrival: Arrival, *, status: Status, closed_at: datetime | None, reopenings: int, rules: JoiningRules
) -> tuple[Joining, str]:
    if closed_at is not None and arrival.at - closed_at > timedelta(days=rules.reopen_days):
        return Joining.FOLLOW_UP, Said("closed more than {days} days ago", days=rules.reopen_days)
    if not arrival.proved:
        return Joining.FOLLOW_UP, "nothing proves the sender, so the ticket is not reopened"
    if reopenings >= rules.reopenings_per_hour:
        return Joining.APPEND, Said("reopened {number} times within an hour", number=reopenings)
    return Joining.REOPEN, Said("the ticket was {status}", status=status)
