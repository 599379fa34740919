"""What people do in a simulated call: the caller's keys and message, and how each agent's telephone fares.

The notation of keys is that of the provider's `SendDigits`: `0-9`, `*`, `#`, and `w` for half a second of waiting.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.errors import Misconfigured

HANG_UP = "hangup"
"""Instead of keys: the caller hangs up while this question is put."""

REACTION = 1.0
"""Seconds from the end of a question to the first key."""

_GAP, _WAIT = 0.4, 0.5
_KEYS = re.compile(r"[0-9*#w]*")


class End(StrEnum):
    """How a caller ends a message."""

    SILENCE = "silence"
    KEY = "key"
    HANG_UP = "hangup"


class Fate(StrEnum):
    """What becomes of an agent's telephone when it is rung."""

    ANSWER = "answer"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What the caller says to a recorder: so many seconds, ended so."""

    seconds: float = 8.0
    end: End = End.HANG_UP


@dataclass(frozen=True, kw_only=True)
class LegScript:
    """One telephone that is rung: it is taken off `after` seconds, `keys` are pressed, and the talk lasts `talk` s.

    A mobile's voicemail is a telephone that is taken off and presses nothing. `number` keeps this for one telephone.
    """

    fate: Fate = Fate.NO_ANSWER
    after: float = 4.0
    keys: str = ""
    talk: float = 60.0
    number: str | None = None


LEGS = {
    "accept": LegScript(fate=Fate.ANSWER, keys="1"),
    "refuse": LegScript(fate=Fate.ANSWER, keys="2"),
    "silence": LegScript(fate=Fate.ANSWER),
    "voicemail": LegScript(fate=Fate.ANSWER, after=12.0),
    "busy": LegScript(fate=Fate.BUSY),
    "no-answer": LegScript(fate=Fate.NO_ANSWER),
    "failed": LegScript(fate=Fate.FAILED),
}


@dataclass(frozen=True, kw_only=True)
class Script:
    """A call as the people in it play it.

    `presses` answers one question each, in order; silence follows. `legs` are the telephones as they are rung, and the
    ones after them are not answered. `hang_up_at` is in seconds since the call began, `interrupts` a caller who presses
    before a question is over.
    """

    caller: str
    presses: tuple[str, ...] = ()
    message: Message = Message()
    legs: tuple[LegScript, ...] = ()
    hang_up_at: float | None = None
    interrupts: bool = False


@dataclass(frozen=True, kw_only=True)
class Press:
    """A key, `after` so many seconds from the beginning of the question."""

    after: float
    key: str


def parse_press(text: str) -> str:
    """The keys, or `hangup`. Raises Misconfigured."""
    if text != HANG_UP and not _KEYS.fullmatch(text):
        raise Misconfigured([f"no keys: {text!r} (0-9, *, #, w for half a second, or {HANG_UP})"])
    return text


def parse_leg(text: str) -> LegScript:
    """A telephone by its notation: `accept`, `busy`, `accept,after=3,talk=90`, `voicemail,number=+33612345601`.

    Raises Misconfigured.
    """
    name, *options = text.split(",")
    values = dict(option.partition("=")[::2] for option in options)
    return leg_script(name, **values)


def leg_script(name: str, **values: object) -> LegScript:
    """The telephone of this name, with other values. Raises Misconfigured."""
    if name not in LEGS:
        raise Misconfigured([f"no telephone does {name!r}; it can be {', '.join(LEGS)}"])
    unknown = set(values) - {"after", "talk", "keys", "number"}
    if unknown:
        raise Misconfigured([f"a telephone has no {', '.join(sorted(unknown))}; it has after, talk, keys and number"])
    try:
        seconds = {key: float(str(value)) for key, value in values.items() if key in {"after", "talk"}}
    except ValueError as error:
        raise Misconfigured([f"a telephone's seconds are a number: {error}"]) from error
    texts = {key: str(value) for key, value in values.items() if key in {"keys", "number"}}
    if parse_press(texts.get("keys", "")) == HANG_UP or any(not 0 <= value < 14_400 for value in seconds.values()):
        raise Misconfigured(["a telephone presses keys, and does so within four hours"])
    return replace(LEGS[name], **seconds, **texts)  # type: ignore[arg-type]  # both hold names of fields only


def timed(keys: str, *, first: float) -> tuple[Press, ...]:
    """When each key is pressed, the first one `first` seconds after the question began."""
    presses = []
    at = first
    for key in keys:
        if key == "w":
            at += _WAIT
            continue
        presses.append(Press(after=round(at, 3), key=key))
        at += _GAP
    return tuple(presses)
