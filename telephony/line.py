"""What the flow of a call is given and what it gives back: plain values, so that every step is a pure function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.config.telephony import TelephonySettings
from gateway.domain.business_hours import BusinessHours
from gateway.domain.ticket import Language
from gateway.hotline_snapshot import Eligible, hash_code
from telephony.state import State
from telephony.twiml import Document, Voice

Fact = str | int | bool | None


class Route(StrEnum):
    """Where the provider's requests come to, below `/telephony/twilio/`."""

    VOICE = "voice"  # a call comes in
    STEP = "step"  # a caller did what the document asked for
    WHISPER = "whisper"  # an agent took off
    SCREEN = "screen"  # that agent pressed a key, or none
    LEG = "leg"  # how an agent's leg fares
    RECORDING = "recording"  # what became of a message's file
    STATUS = "status"  # the call is over
    FALLBACK = "fallback"  # an address above did not answer


@dataclass(frozen=True, kw_only=True)
class Agent:
    """Somebody on duty."""

    person_id: int
    number: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """The hotline at this moment.

    `projects` are those that this number serves, `project` is the one whose hours hold. `codes` are eligible tickets by
    hashed code; `is_fresh` is False while nobody could look at the tickets lately, and then up to a limit
    (`may_trust`) a code that agrees with itself is believed. `agents` are on duty now, the first to ring first.
    `may_text` says that the caller can be sent the platform's address as a text message. `link` makes the address of
    a route that carries a state.
    """

    now: datetime
    project: str
    projects: frozenset[str]
    hours: BusinessHours
    number: str
    takes_any_call: bool
    codes: Mapping[str, Eligible]
    code_key: bytes
    is_fresh: bool
    may_trust: bool
    agents: tuple[Agent, ...]
    may_text: bool
    platform: str
    address: str
    rules: TelephonySettings
    link: Callable[[Route, State | None], str]

    def find(self, code: str, *, before: int) -> Eligible | None:
        """The ticket that this code names, if it was on the platform before a moment (seconds since 1970)."""
        found = self.codes.get(hash_code(code, self.code_key))
        if found is None or found.project not in self.projects or found.since.timestamp() >= before:
            return None
        return found

    def voice(self, lang: Language) -> Voice:
        """Who speaks this language here."""
        if lang is Language.EN:
            return Voice(name=self.rules.english_voice, language="en-GB")
        return Voice(name=self.rules.french_voice, language="fr-FR")


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a request told us. `is_gone` says that the caller has hung up.

    `status`, `bridged` and `seconds` are of the agent's leg, or `seconds` of the message. `bridged` is None where the
    provider did not say. `accepted` is what we heard of that agent ourselves: None where nothing.
    """

    digits: str = ""
    is_gone: bool = False
    status: str = ""
    bridged: bool | None = None
    accepted: bool | None = None
    seconds: int = 0
    recording: str = ""
    is_throttled: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that the call did, for the record. `facts` hold nothing that a person keeps secret."""

    name: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the provider is to do next, and what goes on record."""

    document: Document
    steps: tuple[Step, ...] = ()
