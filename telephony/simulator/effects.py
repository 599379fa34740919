"""What a call asks of the world outside, and what it is told in return. All of it is plain values."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from telephony.simulator.script import Press

T = TypeVar("T")


class Kind(StrEnum):
    """Why a request is made."""

    VOICE = "voice"
    GATHER = "gather"
    RECORD = "record"
    DIAL = "dial"
    REDIRECT = "redirect"
    WHISPER = "whisper"
    FALLBACK = "fallback"
    LEG = "leg"
    RECORDING = "recording"
    STATUS = "status"


class Who(StrEnum):
    """Whom a line of the transcript is about."""

    CALLER = "caller"
    LINE = "line"
    AGENT = "agent"
    PROVIDER = "provider"


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """A request for a document. The call waits for a Reply."""

    kind: Kind
    url: str
    params: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Notify:
    """A callback. The call does not wait for what becomes of it."""

    kind: Kind
    url: str
    params: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Listen:
    """The caller is asked: what do they press? Answered by Keys.

    `prompt` is how many seconds the question takes to be put, `timeout` how long a key may take after that. `most`
    keys are taken, or as many as come before `finish_on`.
    """

    prompt: float
    timeout: float
    most: int | None
    finish_on: str


@dataclass(frozen=True, kw_only=True)
class Passed:
    """So many seconds go by."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Told:
    """A line of the transcript, `at` seconds since the call began; `number` is the agent's."""

    at: float
    who: Who
    what: str
    text: str = ""
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came of a Fetch after `seconds`. Where nothing came, `status` is 0 and `error` says why."""

    status: int = 0
    content_type: str = ""
    body: bytes = b""
    seconds: float = 0.0
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What the caller does at a question: keys, or hanging up so many seconds after it began."""

    presses: tuple[Press, ...] = ()
    hangs_up_after: float | None = None


Effect = Fetch | Notify | Listen | Passed | Told
Sent = Reply | Keys | None
Steps = Generator[Effect, Sent, T]
"""A part of a call: effects, and in the end a value."""
