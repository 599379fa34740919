"""A call as one reads it: who said, pressed or did what, and when."""

from collections.abc import Iterable

from telephony.simulator.effects import Told, Who

_QUOTED = {"says"}


def transcript(lines: Iterable[Told]) -> list[str]:
    """One line for each thing that happened, with minutes and seconds since the call began."""
    return [_line(told) for told in lines]


def _line(told: Told) -> str:
    minutes, seconds = divmod(told.at, 60)
    whisper = told.who is Who.LINE and told.number
    who = f"to {told.number}" if whisper else told.number or told.who.value
    text = f"« {told.text} »" if told.what in _QUOTED else told.text
    return f"{int(minutes):2d}:{seconds:04.1f}  {who:<16}  {told.what} {text}".rstrip()
