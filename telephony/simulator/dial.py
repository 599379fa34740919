"""Dial: telephones ring, the first that is taken off is whispered to, and the calls are joined if that ends well.

(https://www.twilio.com/docs/voice/twiml/dial, https://www.twilio.com/docs/voice/twiml/number)
"""

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree

from telephony.simulator.document import Document
from telephony.simulator.effects import Kind, Notify, Steps, Who
from telephony.simulator.legs import Leg, end_leg, place_leg, progress
from telephony.simulator.parameters import request_parameters
from telephony.simulator.script import Fate
from telephony.simulator.world import ApplicationError, CallerGone, Ending, Party, World, answer, ask, passes, tell

BUFFER = 5.0
"""Seconds that a telephone rings longer than it was asked for."""

_SETUP = 1.0  # until it rings, or is known to be busy or out of reach

Perform = Callable[[World, Party, Document], Steps[Ending]]


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """How a Dial ended: by what status, which leg told, and whether anybody talked."""

    status: str
    leg: Leg
    bridged: bool = False


def dial(world: World, party: Party, verb: ElementTree.Element, perform: Perform) -> Steps[Document]:
    """Ring, join, and go on with what the action says. Raises CallerGone, having told the action of it."""
    if verb.get("answerOnBridge") != "true":
        answer(world, party)
    legs = []
    for number in verb:
        legs.append((yield from place_leg(world, party.record, number, shown=verb.get("callerId", ""))))
    try:
        outcome = yield from _ring(world, party, verb, legs, perform)
    except ApplicationError:
        yield from _end_all(world, legs)
        raise
    except CallerGone:
        joined = next((leg for leg in legs if leg.is_joined), None)
        yield from _end_all(world, legs)
        party.record.status = "completed"
        if world.traits.asks_after_hang_up:
            last = joined or legs[0]
            told = _told(world, _Outcome(status=last.record.status, leg=last, bridged=last.is_joined))
            params = {**request_parameters(world.account, party.record, world.source), **told}
            yield Notify(kind=Kind.DIAL, url=verb.attrib["action"], params=params)
        raise
    return (yield from ask(world, party, Kind.DIAL, verb.attrib["action"], _told(world, outcome)))


def _told(world: World, outcome: _Outcome) -> dict[str, str]:
    params = {"DialCallStatus": outcome.status, "DialCallSid": outcome.leg.record.sid}
    if outcome.leg.record.answered is not None:
        params["DialCallDuration"] = str(outcome.leg.record.seconds)
    if world.traits.says_bridged:
        params["DialBridged"] = "true" if outcome.bridged else "false"
    return params


def _ring(world: World, party: Party, verb: ElementTree.Element, legs: list[Leg], perform: Perform) -> Steps[_Outcome]:
    """All telephones at once, until one is joined or none is left. The first one taken off ends the others."""
    began = world.now
    longest = float(verb.get("timeout", "30")) + BUFFER
    unjoined: Leg | None = None
    for moment, leg in sorted(_agenda(legs, longest), key=lambda entry: entry[0]):
        if leg.is_over:
            continue
        yield from passes(world, max(0.0, began + moment - world.now))
        if moment == _SETUP:
            yield from _begin_ringing(world, leg)
            continue
        if moment >= longest:
            yield from end_leg(world, leg, "no-answer")
            continue
        if not world.traits.first_accept_wins:
            yield from _end_all(world, legs, but=leg)
        if (yield from _screen(world, leg, perform)):
            yield from _end_all(world, legs, but=leg)
            yield from _talk(world, party, leg, float(verb.get("timeLimit", "14400")))
            return _Outcome(status="completed", leg=leg, bridged=True)
        unjoined = unjoined or leg
    if unjoined is not None:
        return _Outcome(status=world.traits.unjoined_status, leg=unjoined)
    return _Outcome(status=legs[-1].record.status, leg=legs[-1])


def _agenda(legs: list[Leg], longest: float) -> list[tuple[float, Leg]]:
    """When something happens to a telephone: it begins to ring, it is taken off, or the ringing ends."""
    entries = [(_SETUP, leg) for leg in legs]
    for leg in legs:
        picks_up = leg.script.fate is Fate.ANSWER and leg.script.after < longest
        entries.append((max(leg.script.after, _SETUP + 0.1) if picks_up else longest, leg))
    return entries


def _begin_ringing(world: World, leg: Leg) -> Steps[None]:
    if leg.script.fate in {Fate.BUSY, Fate.FAILED}:
        yield from end_leg(world, leg, leg.script.fate.value)
        return
    leg.record.status = "ringing"
    yield tell(world, Who.AGENT, "rings", number=leg.record.called)
    yield from progress(world, leg, "ringing")


def _screen(world: World, leg: Leg, perform: Perform) -> Steps[bool]:
    """Somebody took off: whether what is whispered to them ends in joining the calls."""
    agent = Party(record=leg.record, who=Who.AGENT, keys=[leg.script.keys])
    answer(world, agent)
    yield tell(world, Who.AGENT, "takes off", number=leg.record.called)
    yield from progress(world, leg, "answered")
    if leg.whisper:
        try:
            document = yield from ask(world, agent, Kind.WHISPER, leg.whisper)
            ending = yield from perform(world, agent, document)
        except ApplicationError:
            ending = Ending.FAILED
        if ending is not Ending.OVER:
            yield from end_leg(world, leg, "completed")
            return False
    return True


def _talk(world: World, party: Party, leg: Leg, limit: float) -> Steps[None]:
    answer(world, party)
    leg.is_joined = True
    yield tell(world, Who.AGENT, "talks with the caller", number=leg.record.called)
    yield from passes(world, min(leg.script.talk, limit))
    yield from end_leg(world, leg, "completed")


def _end_all(world: World, legs: list[Leg], *, but: Leg | None = None) -> Steps[None]:
    for leg in legs:
        if leg is not but:
            yield from end_leg(world, leg, "completed" if leg.record.answered else "canceled")
