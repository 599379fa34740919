"""The few kinds of error. Concrete errors live beside the code that raises them and derive from one of these.

Each edge (SMTP reply, HTTP status, exit code) maps kinds, never concrete classes.
"""

from gateway.domain.reasons import Why
from gateway.domain.saying import say


class GatewayError(Exception):
    """Something a caller of ours must be told about. `str(error)` is English and safe to show to that caller.

    `whys` are the reasons, to be said in the caller's language (`domain.saying`); none for what is told to
    operators alone, by a sentence.
    """

    def __init__(self, *told: str | Why) -> None:
        super().__init__("; ".join(dict.fromkeys(say(one) if isinstance(one, Why) else one for one in told)))
        self.whys = tuple(one for one in told if isinstance(one, Why))


class Refused(GatewayError):
    """Will never work as asked: SMTP 5xx, HTTP 4xx, exit 65."""


class Deferred(GatewayError):
    """Our fault or our limits, worth another try later: SMTP 4xx, HTTP 503, exit 75."""


class Conflict(GatewayError):
    """Somebody else changed the thing first."""


class NotFound(GatewayError):
    """There is no such thing, or it is not yours: the two are never told apart."""


class Misconfigured(GatewayError):
    """The operator must change a setting. `faults` holds one sentence for each fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
