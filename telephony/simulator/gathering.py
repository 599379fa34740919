"""Which keys a Gather takes and when it is over: pure arithmetic.

(https://www.twilio.com/docs/voice/twiml/gather)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from telephony.simulator.script import Press


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What was taken: `digits` without the key that finished it, after `seconds`; `used` keys of those pressed."""

    digits: str
    finished_on: str
    seconds: float
    used: int


def gather(presses: Sequence[Press], *, prompt: float, timeout: float, most: int | None, finish_on: str) -> Gathered:
    """Take keys as they come.

    - the first key may come while the question is still put, which cuts that short
    - `timeout` seconds count from the end of the question, then from each key to the next
    - `finish_on` ends it and is no digit; `most` digits end it
    - what is pressed later is not heard
    """
    digits = ""
    until = prompt + timeout
    for number, press in enumerate(presses):
        if press.after > until:
            return Gathered(digits=digits, finished_on="", seconds=until, used=number)
        if press.key == finish_on:
            return Gathered(digits=digits, finished_on=press.key, seconds=press.after, used=number + 1)
        digits += press.key
        if most is not None and len(digits) == most:
            return Gathered(digits=digits, finished_on="", seconds=press.after, used=number + 1)
        until = press.after + timeout
    return Gathered(digits=digits, finished_on="", seconds=until, used=len(presses))
