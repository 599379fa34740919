"""The ways in which handing over a mail can fail. `str(error)` is the reason as an operator should read it."""

from gateway.errors import Deferred, Refused

MAX_REASON = 300


class TemporaryFailure(Deferred):
    """This mail was not taken and may be taken later (a 4xx reply, a connection lost before the end of the mail)."""


class RelayTrouble(TemporaryFailure):
    """Nothing can be handed over at the moment, whatever the mail: no connection, no TLS, no login."""


class FinalFailure(Refused):
    """This mail will never be taken (a 5xx reply, an address that cannot be written)."""


class RecipientRefused(FinalFailure):
    """A 5xx reply to the recipient or to the mail itself: the address may be to blame."""


class UnknownResult(Deferred):
    """The whole mail was sent and the answer did not arrive: it may or may not have been taken."""


def reason(text: str) -> str:
    """A reply or an error as one line for the row and the ticket, at most MAX_REASON characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line[:MAX_REASON]
