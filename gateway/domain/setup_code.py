"""The code that somebody is handed to set their password and app up for the first time.

A mailed link alone does not do: whoever reads their mail would make themselves at home in their name. So the code comes
by another way, from a supervisor or the operator who knows to whom they give it.
"""

from datetime import timedelta
from hashlib import sha256

from gateway.domain.recovery_codes import grouped, plain_form
from gateway.ids import random32

LASTS = timedelta(days=3)
_CHARS = 12  # 60 bits, for tries that are counted, during three days


def new_setup_code() -> str:
    """A code nobody can guess, in groups of four characters."""
    return grouped(random32(_CHARS))


def sum_of_setup_code(typed: str) -> str:
    """The sum under which a code is kept, however it was typed: in any case, with blanks and hyphens or without."""
    return sha256(f"setup:{plain_form(typed)}".encode()).hexdigest()
