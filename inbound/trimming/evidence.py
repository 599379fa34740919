"""What a line must hold to be believed as the announcement of a quote: an address, a date, a time."""

import re

from inbound.trimming.words import OPENERS, WEEKDAYS

_ADDRESS = re.compile(r"[^\s<>@\"(),:;\[\]]{1,64}@[^\W_][\w-]{0,62}(?:\.[\w-]{1,63})*")
_TIME = re.compile(r"(?<![\d:])[0-2]?\d ?[:.hH] ?[0-5]\d(?![\d:])|(?<!\d)\d{1,2} ?(?:am|pm|uhr|時|点)\b", re.IGNORECASE)
_SECONDS = re.compile(r"(?<![\d:])[0-2]?\d:[0-5]\d:[0-5]\d(?![\d:])")
_YEAR = r"(?<!\d)(?:19|20)\d\d(?!\d)"
_DAY = re.compile(
    r"(?<!\d)\d{1,4} ?[./-] ?\d{1,2} ?[./-] ?\d{2,4}(?!\d)|(?<!\d)(?:19|20)\d\d ?[年년]|[^\W\d]-\d\d-\d\d\b"
)
_YEAR_IN_WORDS = re.compile(_YEAR)
_DAY_NUMBER = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_OLD_GMAIL = re.compile(r"\d{4}-\d\d-\d\d \d?\d:\d\d (?:GMT|UTC)[+-]\d\d:\d\d [^\s].{1,80}")


def _alternatives(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


_OPENING = re.compile(
    rf"\W{{0,12}}(?:(?:{_alternatives(OPENERS)}|{_alternatives(WEEKDAYS)})\b[^\d\n]{{0,40}}\d"
    r"|\d{1,4} ?[./-] ?\d|\d{1,4}\.? [^\W\d]|\d{4} ?[年년]|[在于])",
    re.IGNORECASE,
)


def find_address(text: str) -> str:
    """The first mail address in a short text, "" without one."""
    if "@" not in text:
        return ""
    found = _ADDRESS.search(text)
    return found[0].rstrip(".") if found else ""


def has_time(text: str, *, seconds: bool = False) -> bool:
    """Does a time of day stand in it? One with seconds counts only where it is asked for: logs write those."""
    return _TIME.search(text) is not None or (seconds and _SECONDS.search(text) is not None)


def has_date(text: str) -> bool:
    """Does a date with its year stand in it (in digits, or a year and the number of a day)?"""
    if _DAY.search(text):
        return True
    year = _YEAR_IN_WORDS.search(text)
    return year is not None and _DAY_NUMBER.search(text[: year.start()] + " " + text[year.end() :]) is not None


def is_evident(text: str) -> bool:
    """An address, or a date with its time: what no sentence has by chance in front of "a écrit :"."""
    return bool(find_address(text)) or (has_date(text) and has_time(text))


def opens_with_date(line: str) -> bool:
    """Does the line begin as an announcement does: with a date, or "Le", "On", a day of the week, and a number soon?"""
    return _OPENING.match(line[:200]) is not None


def is_old_gmail(line: str) -> bool:
    """`2016-03-03 17:21 GMT+01:00 Some One`: all that Gmail wrote for some years."""
    return _OLD_GMAIL.fullmatch(line) is not None
