"""The code by which a caller names a blocking ticket on the keypad: eight digits, two of which check the others.

It is drawn at random, so it tells nothing and is not guessed, and mis-keying is found without a look at any ticket
(ISO 7064, MOD 97-10, as in an IBAN: every single wrong digit and every swap of neighbours shows).
"""

import secrets

LENGTH = 8
_BODY = LENGTH - 2


def make_hotline_code() -> str:
    """A new code. That no other ticket has it is for the database to say."""
    return complete(f"{secrets.randbelow(10**_BODY):0{_BODY}d}")


def complete(body: str) -> str:
    """Six digits and the two that check them."""
    if len(body) != _BODY or not (body.isascii() and body.isdigit()):
        raise ValueError(f"{_BODY} digits are needed")
    return f"{body}{98 - int(body) * 100 % 97:02d}"


def is_hotline_code(digits: str) -> bool:
    """True for eight digits that agree with each other; whether a ticket has them is another question."""
    return len(digits) == LENGTH and digits.isascii() and digits.isdigit() and int(digits) % 97 == 1
