"""Identifiers that sort by time, and small numbers written so that they survive mail addresses.

Mail systems may change the case of a local part, so everything here is lower case base 32 (Crockford's
alphabet: no i, l, o, u).
"""

import secrets
from datetime import UTC, datetime
from typing import NewType

SpoolId = NewType("SpoolId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_TIME_CHARS = 11  # 55 bits of microseconds: enough until the year 3111
_RANDOM_CHARS = 10  # 50 bits


def encode32(number: int, width: int = 1) -> str:
    """Write a non-negative number in base 32, padded with zeros to `width`."""
    if number < 0:
        raise ValueError("only non-negative numbers can be written")
    digits = []
    while number:
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits)).rjust(width, "0")


def decode32(text: str) -> int:
    """Read a number written by `encode32`. Raises ValueError for any other character."""
    number = 0
    for char in text:
        try:
            number = number * 32 + _VALUES[char]
        except KeyError:
            raise ValueError(f"not a base 32 digit: {char!r}") from None
    return number


def random32(chars: int) -> str:
    """Unguessable text of `chars` characters, 5 bits each."""
    return encode32(secrets.randbits(5 * chars), chars)


def new_spool_id(now: datetime) -> SpoolId:
    """An id whose text order is the order of acceptance, and which nobody can guess."""
    microseconds = int(now.timestamp() * 1_000_000)
    return SpoolId(encode32(microseconds, _TIME_CHARS) + random32(_RANDOM_CHARS))


def time_of(spool_id: str) -> datetime:
    """When a spool id was made, so that the age of an entry needs no look at the file."""
    return datetime.fromtimestamp(decode32(spool_id[:_TIME_CHARS]) / 1_000_000, UTC)


def is_spool_id(text: str) -> bool:
    """True for text that `new_spool_id` could have made; the guard before any id becomes a file name."""
    return len(text) == _TIME_CHARS + _RANDOM_CHARS and all(char in _VALUES for char in text)
