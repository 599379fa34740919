"""Which passwords are taken: long ones, of any characters, that do not name their owner (NIST SP 800-63B 5.1.1.2)."""

import unicodedata
from enum import StrEnum

SHORTEST = 12  # characters
LONGEST = 200


class PasswordFault(StrEnum):
    """Why a password is not taken."""

    SHORT = "short"
    LONG = "long"
    NAMES_YOU = "names_you"
    MONOTONOUS = "monotonous"


def normal_form(password: str) -> str:
    """The same characters however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password)


def find_password_fault(password: str, *, email: str, name: str) -> PasswordFault | None:
    """Why this password is not taken; None for a good one.

    - it has fewer than twelve characters, or more than two hundred
    - it is the mail address, the part before the @, or the name, in any case and repeated as often as one likes
    - it is made of one or two characters alone
    """
    plain = normal_form(password)
    if len(plain) < SHORTEST:
        return PasswordFault.SHORT
    if len(plain) > LONGEST:
        return PasswordFault.LONG
    word = _letters(plain)
    owners = (_letters(email), _letters(email.partition("@")[0]), _letters(name))
    if any(own and not word.replace(own, "") for own in owners):
        return PasswordFault.NAMES_YOU
    if len(set(plain)) < 3:
        return PasswordFault.MONOTONOUS
    return None


def _letters(text: str) -> str:
    return "".join(normal_form(text).casefold().split())
