"""Signed tokens: what lets a mail, an address or an id prove that we made it.

A token is small numbers plus a message authentication code of 100 bits, in lower case base 32, so that it
fits into a local part of 64 characters and survives systems that change letter case. It is bound to its
purpose: a reply address never passes for a return path. Two keys live side by side; the newer one signs.
"""

import hmac
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.ids import decode32, encode32

_MAC_CHARS = 20  # 5 bits each
_EPOCH = date(2026, 1, 1)


class Purpose(StrEnum):
    """What a token is for; its letter is the token's first."""

    REPLY = "r"  # ticket, person: whoever answers to this address answers on this ticket
    BOUNCE = "b"  # outbox row: a failure report to this address is about that delivery
    MESSAGE_ID = "m"  # ticket, person, nonce: this Message-ID is one of ours
    QUOTE = "q"  # ticket, person: stands in the text of a notice, and comes back when somebody quotes it
    SIGN_IN = "s"  # link: whoever follows it is the person that the link's row names, once
    OUTCOME = "o"  # ticket, person, entry: this person may say whether what that entry called resolved works
    KNOWN_BROWSER = "k"  # person, chance: this person signed in by this browser before; it opens nothing
    LEAVE = "l"  # ticket, person: this person may ask to be left out of this ticket


class BadToken(ValueError):
    """Not made by us, altered, made for something else, or too old. Which of these is never told."""


@dataclass(frozen=True, kw_only=True)
class TokenSigner:
    """Signs with `keys[0]`, believes every one of `keys`. `lifetime_days` counts from the day of signing."""

    keys: tuple[bytes, ...]
    lifetime_days: int

    def sign(self, purpose: Purpose, *numbers: int, today: date) -> str:
        """A token that carries `numbers`, valid from `today` for the signer's lifetime."""
        day = (today - _EPOCH).days
        body = "-".join([purpose.value, encode32(day), *(encode32(number) for number in numbers)])
        return f"{body}-{_mac(self.keys[0], body)}"

    def verify(
        self, purpose: Purpose, token: str, *, today: date, lifetime: timedelta | None = None
    ) -> tuple[int, ...]:
        """The numbers of a token. `lifetime` is for one that lives less long than the signer's. Raises BadToken."""
        body, dash, mac = token.lower().rpartition("-")
        # Every key is tried whatever the earlier ones said, so that time tells nothing.
        good = [hmac.compare_digest(_mac(key, body).encode(), mac.encode()) for key in self.keys]
        if not dash or not any(good):
            raise BadToken("no token of ours")
        letter, *fields = body.split("-")
        if letter != purpose.value:
            raise BadToken("no token of ours")
        day, *numbers = (decode32(field) for field in fields)
        signed_on = _EPOCH + timedelta(days=day)
        if today > signed_on + min(timedelta(days=self.lifetime_days), lifetime or timedelta.max):
            raise BadToken("no token of ours")
        return tuple(numbers)


def _mac(key: bytes, body: str) -> str:
    digest = hmac.digest(key, body.encode(), "sha256")
    return encode32(int.from_bytes(digest, "big") >> (256 - 5 * _MAC_CHARS), _MAC_CHARS)
