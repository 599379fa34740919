"""What the provider knows of our calls: the truth that reconciliation is held against, and that `rest.py` serves."""

import random
from dataclasses import dataclass, field
from datetime import datetime

ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(kw_only=True)
class CallRecord:
    """One leg. `parent` is the inbound call's id on the legs of agents; `sequence` counts this leg's callbacks."""

    sid: str
    caller: str
    called: str
    direction: str
    parent: str = ""
    status: str
    created: datetime
    answered: datetime | None = None
    ended: datetime | None = None
    sequence: int = 0

    @property
    def seconds(self) -> int:
        """From being answered to the end, in whole seconds; 0 until then."""
        if self.answered is None or self.ended is None:
            return 0
        return round((self.ended - self.answered).total_seconds())


@dataclass(kw_only=True)
class RecordingRecord:
    """A message that was left. `status` is one of processing, completed, absent and deleted."""

    sid: str
    call: str
    status: str
    created: datetime
    seconds: int


@dataclass(kw_only=True)
class MessageRecord:
    """A text message that was sent."""

    sid: str
    sender: str
    to: str
    body: str
    created: datetime


@dataclass(frozen=True, kw_only=True)
class Hotline:
    """A number as it is set up at the provider: where its calls go, and where else when that fails."""

    number: str
    voice_url: str
    fallback_url: str = ""
    status_url: str = ""
    sid: str = "PN" + "0" * 31 + "1"


@dataclass(kw_only=True)
class Account:
    """Everything of one account, in memory."""

    sid: str = "AC" + "0" * 31 + "1"
    hotlines: list[Hotline] = field(default_factory=list)
    calls: dict[str, CallRecord] = field(default_factory=dict)
    recordings: dict[str, RecordingRecord] = field(default_factory=dict)
    messages: dict[str, MessageRecord] = field(default_factory=dict)


def new_sid(prefix: str, source: random.Random) -> str:
    """An id as the provider makes them: two letters and 32 hexadecimal digits."""
    return f"{prefix}{source.getrandbits(128):032x}"
