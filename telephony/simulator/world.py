"""What all parts of one simulated call share: the time, the people, the account, and asking for the next document."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from telephony.simulator.account import Account, CallRecord, Hotline
from telephony.simulator.document import Document, Grammar, Unusable, read_document
from telephony.simulator.effects import Fetch, Kind, Notify, Passed, Reply, Steps, Told, Who
from telephony.simulator.parameters import request_parameters
from telephony.simulator.script import LegScript, Script

LONGEST_CALL = 4 * 3600.0
MOST_REQUESTS = 200
MOST_REDIRECTS = 50


class Ending(Enum):
    """How the documents of a call come to an end."""

    HUNG_UP = auto()  # by the document
    OVER = auto()  # nothing left to do
    REJECTED = auto()
    CALLER_GONE = auto()
    FAILED = auto()  # the caller heard an apology of the provider's, and was cut off


class CallerGone(Exception):
    """The caller hung up."""


class ApplicationError(Exception):
    """The provider cannot go on with this call."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What the provider leaves unsaid, so that each can be tried.

    `first_accept_wins`: of several telephones that are rung, one that is taken off does not end the others until it is
    joined. `asks_after_hang_up`: a Dial's action is requested though the caller has hung up. `says_bridged`: the action
    carries DialBridged. `unjoined_status`: the DialCallStatus of a telephone that was taken off and never joined.
    """

    first_accept_wins: bool = False
    asks_after_hang_up: bool = True
    says_bridged: bool = True
    unjoined_status: str = "completed"


@dataclass(kw_only=True)
class World:
    """One call's surroundings. `now` is in seconds since it began, at `begun`."""

    script: Script
    hotline: Hotline
    account: Account
    begun: datetime
    source: random.Random
    grammar: Grammar = field(default_factory=Grammar)
    traits: Traits = field(default_factory=Traits)
    sid: str = ""
    now: float = 0.0
    hang_up_at: float | None = None
    requests: int = 0
    redirects: int = 0
    legs: list[LegScript] = field(default_factory=list)

    def moment(self) -> datetime:
        """The time as the provider's records have it."""
        return self.begun + timedelta(seconds=self.now)

    def leg_script(self, number: str) -> LegScript:
        """What the telephone of this number does: the first script kept for it or for anybody, used up by this."""
        found = next((leg for leg in self.legs if leg.number in {None, number}), None)
        if found is None:
            return LegScript()
        self.legs.remove(found)
        return found


@dataclass(kw_only=True)
class Party:
    """Somebody who listens to documents. `keys` are pressed in turn; None where the world outside is asked for them."""

    record: CallRecord
    who: Who
    keys: list[str] | None = None

    @property
    def number(self) -> str:
        """The agent's number; empty for the caller."""
        return self.record.called if self.who is Who.AGENT else ""


def answer(world: World, party: Party) -> None:
    """The call is answered, if it was not yet: from here on it counts."""
    if party.record.answered is None:
        party.record.answered = world.moment()
        party.record.status = "in-progress"


def passes(world: World, seconds: float) -> Steps[None]:
    """Let time go by. Raises CallerGone at the moment the caller hangs up, ApplicationError after four hours."""
    gone = world.hang_up_at
    if gone is not None and world.now + seconds >= gone:
        rest = max(0.0, gone - world.now)
        world.now += rest
        world.hang_up_at = None
        yield Passed(seconds=rest)
        yield tell(world, Who.CALLER, "hangs up")
        raise CallerGone
    world.now += seconds
    yield Passed(seconds=seconds)
    if world.now > LONGEST_CALL:
        raise ApplicationError("the call lasted longer than four hours")


def tell(world: World, who: Who, what: str, text: str = "", number: str = "") -> Told:
    """A line of the transcript."""
    return Told(at=round(world.now, 1), who=who, what=what, text=text, number=number)


def ask(world: World, party: Party, kind: Kind, url: str, extra: Mapping[str, str] | None = None) -> Steps[Document]:
    """The document that an address answers with; the fallback's where it gives none.

    Raises ApplicationError where neither does, and after 200 requests.
    """
    params = {**request_parameters(world.account, party.record, world.source), **(extra or {})}
    try:
        return (yield from _fetch(world, kind, url, params))
    except Unusable as error:
        yield tell(world, Who.PROVIDER, "error", str(error))
        if not world.hotline.fallback_url or party.who is Who.AGENT:
            raise ApplicationError(str(error)) from error
        failed = {**params, "ErrorCode": str(error.code), "ErrorUrl": url}
    try:
        return (yield from _fetch(world, Kind.FALLBACK, world.hotline.fallback_url, failed))
    except Unusable as error:
        yield tell(world, Who.PROVIDER, "error", f"fallback: {error}")
        raise ApplicationError(str(error)) from error


def inform(world: World, record: CallRecord, kind: Kind, url: str, extra: Mapping[str, str]) -> Steps[None]:
    """Send a callback, where there is an address for it."""
    if url:
        params = {**request_parameters(world.account, record, world.source), **extra}
        yield Notify(kind=kind, url=url, params=params)


def _fetch(world: World, kind: Kind, url: str, params: Mapping[str, str]) -> Steps[Document]:
    world.requests += 1
    if world.requests > MOST_REQUESTS:
        raise ApplicationError(f"the call made more than {MOST_REQUESTS} requests")
    reply = yield Fetch(kind=kind, url=url, params=params)
    assert isinstance(reply, Reply), "a Fetch is answered by a Reply"
    world.now += reply.seconds
    return read_document(reply, world.grammar)
