"""A script as a document, from a TOML file or from the options of a command:

from = "+33612345678"
press = ["1", "12345678#", "1"]       # one for each question; "" says nothing, "hangup" hangs up
message = { seconds = 8, end = "hangup" }
hang_up_at = 30.0                     # seconds since the call began
interrupts = false                    # presses before a question is over

[[leg]]                               # the telephones as they are rung
does = "accept"                       # refuse, silence, voicemail, busy, no-answer, failed
after = 4
talk = 60
"""

import re
from collections.abc import Mapping
from typing import Any

from gateway.errors import Misconfigured
from telephony.simulator.script import End, LegScript, Message, Script, leg_script, parse_leg, parse_press

_FIELDS = frozenset({"from", "press", "message", "hang_up_at", "interrupts", "leg"})
_CALLER = re.compile(r"\+?[0-9]{1,15}|[A-Za-z]{1,30}")
_LONGEST = 14_400


def parse_script(document: Mapping[str, Any]) -> Script:
    """The script that a document describes. Raises Misconfigured, naming what is wrong."""
    unknown = sorted(set(document) - _FIELDS)
    if unknown:
        raise Misconfigured([f"a script has no {', '.join(unknown)}"])
    caller = document.get("from")
    if not isinstance(caller, str) or not _CALLER.fullmatch(caller):
        raise Misconfigured(["a script needs a caller: from = a number, or a word such as anonymous"])
    presses, legs = _list(document, "press"), _list(document, "leg")
    hang_up_at = document.get("hang_up_at")
    return Script(
        caller=caller,
        presses=tuple(parse_press(str(one)) for one in presses),
        message=_message(document.get("message", {})),
        legs=tuple(_leg(one) for one in legs),
        hang_up_at=None if hang_up_at is None else _seconds("hang_up_at", hang_up_at),
        interrupts=document.get("interrupts") is True,
    )


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name, [])
    if not isinstance(found, list | tuple):
        raise Misconfigured([f"{name} is a list"])
    return list(found)


def _leg(found: Any) -> LegScript:
    if isinstance(found, str):
        return parse_leg(found)
    if not isinstance(found, Mapping) or "does" not in found:
        raise Misconfigured(['a leg is a notation such as "accept,after=3", or a table that says what it does'])
    values = dict(found)
    return leg_script(str(values.pop("does")), **values)


def _message(found: Any) -> Message:
    if not isinstance(found, Mapping) or set(found) - {"seconds", "end"}:
        raise Misconfigured(["a message has seconds and an end"])
    usual = Message()
    try:
        end = End(found.get("end", usual.end))
    except ValueError as error:
        raise Misconfigured([f"a message ends by {', '.join(End)}"]) from error
    return Message(seconds=_seconds("message", found.get("seconds", usual.seconds)), end=end)


def _seconds(name: str, found: Any) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= _LONGEST:
        raise Misconfigured([f"{name} is so many seconds, within four hours"])
    return float(found)
