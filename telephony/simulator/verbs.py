"""Carrying out documents, verb by verb, for a caller or for an agent who is whispered to."""

from collections.abc import Callable
from xml.etree import ElementTree

from telephony.simulator.dial import dial
from telephony.simulator.document import Document
from telephony.simulator.effects import Keys, Kind, Listen, Steps, Who
from telephony.simulator.gathering import Gathered, gather
from telephony.simulator.record import record
from telephony.simulator.script import REACTION, timed
from telephony.simulator.world import (
    MOST_REDIRECTS,
    ApplicationError,
    Ending,
    Party,
    World,
    answer,
    ask,
    passes,
    tell,
)

WORDS_PER_SECOND = 2.5
BUSY_TONE = 3.0

Next = Document | Ending | None
"""Where a verb leads: to another document, to the end, or to the verb after it."""


def perform(world: World, party: Party, document: Document) -> Steps[Ending]:
    """Go on from document to document until one ends it."""
    while True:
        following = yield from _through(world, party, document)
        if isinstance(following, Ending):
            return following
        document = following


def _through(world: World, party: Party, document: Document) -> Steps[Document | Ending]:
    for verb in document:
        carry_out = (_FOR_CALLERS if party.who is Who.CALLER else _FOR_AGENTS).get(verb.tag)
        if carry_out is None:
            raise ApplicationError(f"{verb.tag} has no place in a whisper")
        following = yield from carry_out(world, party, verb)
        if following is not None:
            return following
    return Ending.OVER


def _say(world: World, party: Party, verb: ElementTree.Element) -> Steps[Next]:
    answer(world, party)
    yield tell(world, Who.LINE, "says", verb.text or "", party.number)
    yield from passes(world, _length(verb))
    return None


def _pause(world: World, party: Party, verb: ElementTree.Element) -> Steps[Next]:
    answer(world, party)
    yield from passes(world, _length(verb))
    return None


def _gather(world: World, party: Party, verb: ElementTree.Element) -> Steps[Next]:
    answer(world, party)
    most = verb.get("numDigits")
    question = Listen(
        prompt=sum(_length(child) for child in verb),
        timeout=float(verb.get("timeout", "5")),
        most=int(most) if most else None,
        finish_on=verb.get("finishOnKey", "#"),
    )
    for child in verb:
        if child.tag == "Say":
            yield tell(world, Who.LINE, "says", child.text or "", party.number)
    keys = yield from _keys(party, question)
    if keys.hangs_up_after is not None:
        world.hang_up_at = world.now + keys.hangs_up_after
    taken = gather(
        keys.presses,
        prompt=question.prompt,
        timeout=question.timeout,
        most=question.most,
        finish_on=question.finish_on,
    )
    yield from passes(world, taken.seconds)
    yield from _tell_keys(world, party, keys, taken)
    if not taken.digits and verb.get("actionOnEmptyResult") != "true":
        return None
    result = {"Digits": taken.digits, "FinishedOnKey": taken.finished_on, "msg": "Gather End"}
    return (yield from ask(world, party, Kind.GATHER, verb.attrib["action"], result))


def _keys(party: Party, question: Listen) -> Steps[Keys]:
    if party.keys is None:
        keys = yield question
        assert isinstance(keys, Keys), "a Listen is answered by Keys"
        return keys
    pressed = party.keys.pop(0) if party.keys else ""
    return Keys(presses=timed(pressed, first=question.prompt + REACTION))


def _tell_keys(world: World, party: Party, keys: Keys, taken: Gathered) -> Steps[None]:
    heard = "".join(press.key for press in keys.presses[: taken.used])
    missed = "".join(press.key for press in keys.presses[taken.used :])
    if heard:
        yield tell(world, party.who, "presses", heard, party.number)
    else:
        yield tell(world, party.who, "presses nothing", number=party.number)
    if missed:
        yield tell(world, party.who, "presses too late", missed, party.number)


def _redirect(world: World, party: Party, verb: ElementTree.Element) -> Steps[Next]:
    world.redirects += 1
    if world.redirects > MOST_REDIRECTS:
        raise ApplicationError(f"the call was redirected more than {MOST_REDIRECTS} times")
    return (yield from ask(world, party, Kind.REDIRECT, verb.text or ""))


def _hang_up(world: World, party: Party, _verb: ElementTree.Element) -> Steps[Next]:
    yield tell(world, Who.LINE, "hangs up", number=party.number)
    return Ending.HUNG_UP


def _reject(world: World, party: Party, verb: ElementTree.Element) -> Steps[Next]:
    if party.record.answered is not None:
        raise ApplicationError("Reject comes after the call was answered")
    yield tell(world, Who.LINE, "rejects the call", verb.get("reason", "rejected"))
    yield from passes(world, BUSY_TONE)
    return Ending.REJECTED


def _dial(world: World, party: Party, verb: ElementTree.Element) -> Steps[Next]:
    return (yield from dial(world, party, verb, perform))


def _record(world: World, party: Party, verb: ElementTree.Element) -> Steps[Next]:
    answer(world, party)
    return (yield from record(world, party, verb))


def _length(verb: ElementTree.Element) -> float:
    """Seconds that a Say or a Pause takes."""
    if verb.tag == "Pause":
        return float(verb.get("length", "1"))
    return len((verb.text or "").split()) / WORDS_PER_SECOND


_Verb = Callable[[World, Party, ElementTree.Element], Steps[Next]]
_FOR_AGENTS: dict[str, _Verb] = {
    "Say": _say,
    "Pause": _pause,
    "Gather": _gather,
    "Redirect": _redirect,
    "Hangup": _hang_up,
}
_FOR_CALLERS: dict[str, _Verb] = {**_FOR_AGENTS, "Record": _record, "Dial": _dial, "Reject": _reject}
