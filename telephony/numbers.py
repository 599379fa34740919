"""Telephone numbers as the network hands them over: E.164 or nothing, and why nothing.

A caller's number pre-fills and proves nothing: it can be withheld, masked by the operator or forged.
"""

from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

MAX_LENGTH = 64
# France and the regions overseas that share its way of writing numbers; a number is tried in each in turn.
REGIONS = ("FR", "RE", "GP", "MQ", "GF", "YT", "NC", "PF")
# What networks spell on the keypad where the caller withheld the number: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN,
# UNAVAILABLE. Two of them look like possible numbers of other countries.
_KEYPAD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
_WORDS = frozenset({"anonymous", "restricted", "unknown", "unavailable", "blocked", "private", "withheld"})


class NumberKind(StrEnum):
    """What a caller's number is."""

    E164 = "e164"
    ANONYMOUS = "anonymous"
    NOT_A_NUMBER = "not-a-number"
    INVALID = "invalid"


@dataclass(frozen=True, kw_only=True)
class CallerNumber:
    """A number. `e164` is None unless `kind` is E164; `raw` is what came, cut at 64 characters."""

    kind: NumberKind
    e164: str | None
    raw: str

    @property
    def is_mobile(self) -> bool:
        """True for a number that a text message reaches."""
        if self.e164 is None:
            return False
        kind = phonenumbers.number_type(phonenumbers.parse(self.e164))
        return kind in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


def read_number(raw: str) -> CallerNumber:
    """Understand a number.

    - empty, a word such as `anonymous`, or that word spelled on the keypad: anonymous
    - `client:` and `sip:` addresses and anything else without digits: no number
    - what the numbering plans know, in France where no country is named: E.164
    - the rest, short numbers included: invalid
    """
    text = raw.strip()[:MAX_LENGTH]
    plain = text.lower().removeprefix("sip:").partition("@")[0]
    if not text or plain in _WORDS or text.replace(" ", "") in _KEYPAD:
        return CallerNumber(kind=NumberKind.ANONYMOUS, e164=None, raw=text)
    if text.lower().startswith(("client:", "sip:", "sips:")) or not any(char.isdigit() for char in text):
        return CallerNumber(kind=NumberKind.NOT_A_NUMBER, e164=None, raw=text)
    for region in REGIONS:
        try:
            number = phonenumbers.parse(text, region)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) and not number.extension:
            e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            return CallerNumber(kind=NumberKind.E164, e164=e164, raw=text)
    return CallerNumber(kind=NumberKind.INVALID, e164=None, raw=text)


def mask(e164: str) -> str:
    """A number for those who need not know it: `+33 … 78`."""
    return f"{e164[:3]} … {e164[-2:]}"
