"""One request decided: which state it goes on from, what the flow says to it, and what goes on record.

Between the flow, which knows nothing of the world, and the webhooks, which know nothing of calls. It keeps in memory
what one process may forget: the answers of the last requests, so that a repeated one is answered alike, and counts.
"""

import hmac
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import structlog
from werkzeug.datastructures import MultiDict

from gateway.clock import Clock
from gateway.config.model import SettingsModel
from gateway.hotline_snapshot import hotline_key
from gateway.ids import random32
from telephony.events import call_of, event_of, heard_of
from telephony.flow import apologise, begin, go_on
from telephony.limits import HourlyCounts, Remembered
from telephony.line import Answer, Heard, Line, Route, Step
from telephony.numbers import read_number
from telephony.ringing import screen, whisper
from telephony.snapshot import Snapshots, line_of
from telephony.state import BadState, State, read_state, sign_state
from telephony.twiml import Voice, hang_up, render, say

PREFIX = "/telephony/twilio"
_UNVERIFIED = "unverified"
_WITHHELD = "withheld"
_WRONG = frozenset({"code.wrong", "ticket.refused"})
_LAST_RESORT = render(
    (
        say("Un problème technique nous empêche de traiter votre appel.", Voice(name="Polly.Lea", language="fr-FR")),
        say("A technical problem keeps us from taking your call.", Voice(name="Polly.Amy", language="en-GB")),
        hang_up(),
    )
)

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The bytes to answer with, and the event to hand over; None for a request that was answered before."""

    content: bytes
    event: dict[str, Any] | None


class Operator:
    """Decides requests. Safe in several threads. `signing_keys` are the installation's, the one in use first."""

    def __init__(
        self, settings: SettingsModel, *, snapshots: Snapshots, signing_keys: tuple[bytes, ...], clock: Clock
    ) -> None:
        self._settings = settings
        self._snapshots = snapshots
        self._keys = tuple(hotline_key(key) for key in signing_keys)
        self._clock = clock
        self._answers = Remembered[bytes]()
        self._accepted = Remembered[bool]()
        self._wrong_codes = HourlyCounts()
        self._unverified = HourlyCounts()

    def instruct(self, route: Route, target: str, body: bytes, params: MultiDict[str, str]) -> Decided:
        """The document for a request that asks for one. Never raises: what fails inside becomes an apology."""
        request = sha256(b"\n".join((target.encode("utf-8", "replace"), body))).hexdigest()
        known = self._answers.find(request)
        if known is not None:
            return Decided(content=known, event=None)
        try:
            decided = self._decide(route, target, params)
        except Exception as error:  # the boundary: a caller is never left with the provider's own words
            log.error("call.failed", route=route.value, incident=random32(8), exc_info=error)
            decided = self._apology(route, params)
        kept = self._answers.keep(request, decided.content)
        return decided if kept is decided.content else Decided(content=kept, event=None)

    def record(self, route: Route, target: str, params: MultiDict[str, str]) -> dict[str, Any]:
        """The event of a request that only tells."""
        try:
            state = self._state(route, target, params)
        except BadState:
            state = None
        return event_of(route, params, token="", state=state, steps=(), at=self._clock.now())

    def _decide(self, route: Route, target: str, params: MultiDict[str, str]) -> Decided:
        line, heard = self._line(route, params), heard_of(params)
        try:
            state = None if route in {Route.VOICE, Route.FALLBACK} else self._state(route, target, params)
        except BadState:
            log.warning("call.state_refused", route=route.value)
            answer = replace(apologise(line, None), steps=(Step(name="apology", facts={"why": "state"}),))
            return self._decided(route, target, params, state=None, answer=answer)
        if state is not None and route is Route.STEP:
            heard = replace(heard, accepted=self._accepted.find(_leg(params, route, state)))
        return self._decided(route, target, params, state=state, answer=self._flow(route, line, state, heard, params))

    def _flow(self, route: Route, line: Line, state: State | None, heard: Heard, params: MultiDict[str, str]) -> Answer:
        if route is Route.VOICE:
            return begin(line, replace(heard, is_throttled=self._is_throttled(params)))
        if state is None:
            facts = {"code": params.get("ErrorCode", ""), "why": "fallback"}
            return replace(apologise(line, None), steps=(Step(name="apology", facts=facts),))
        if route is Route.WHISPER:
            return whisper(line, state)
        if route is Route.SCREEN:
            self._accepted.keep(_leg(params, route, state), heard.digits[:1] == "1")
            return screen(state, heard)
        return go_on(line, state, heard)

    def _decided(
        self, route: Route, target: str, params: MultiDict[str, str], *, state: State | None, answer: Answer
    ) -> Decided:
        self._count(params, answer)
        event = event_of(route, params, token=_token(target), state=state, steps=answer.steps, at=self._clock.now())
        return Decided(content=render(answer.document), event=event)

    def _apology(self, route: Route, params: MultiDict[str, str]) -> Decided:
        steps = (Step(name="apology", facts={"why": "exception"}),)
        try:
            content = render(apologise(self._line(route, params, blind=True), None).document)
        except Exception as error:  # noqa: BLE001  # nothing works: say so by bytes that need nothing
            log.error("call.apology_failed", error=type(error).__name__)
            content = _LAST_RESORT
        event = event_of(route, params, token=random32(10), state=None, steps=steps, at=self._clock.now())
        return Decided(content=content, event=event)

    def _line(self, route: Route, params: MultiDict[str, str], *, blind: bool = False) -> Line:
        now, call = self._clock.now(), call_of(params, route)
        allowed = self._settings.telephony.unverified_calls_per_hour

        def link(to: Route, state: State | None) -> str:
            query = "" if state is None else "?s=" + sign_state(state, call=call, key=self._keys[0], now=now)
            return f"{self._settings.http.base_url}{PREFIX}/{to}{query}"

        return line_of(
            self._settings,
            None if blind else self._snapshots.current(),
            called=params.get("To", "") if route in {Route.VOICE, Route.STEP, Route.FALLBACK} else "",
            key=self._keys[0],
            now=now,
            caller=params.get("From", ""),
            may_trust=self._unverified.count(_UNVERIFIED, now) < allowed,
            link=link,
        )

    def _state(self, route: Route, target: str, params: MultiDict[str, str]) -> State:
        calls = {call_of(params, route), params.get("CallSid", "")}
        return read_state(_token(target), calls=sorted(calls), keys=self._keys, now=self._clock.now())

    def _count(self, params: MultiDict[str, str], answer: Answer) -> None:
        now = self._clock.now()
        names = {step.name for step in answer.steps}
        if names & _WRONG:
            self._wrong_codes.add(self._caller(params), now)
        if {"ticket.unverified", "agent.rung"} <= names:
            self._unverified.add(_UNVERIFIED, now)

    def _is_throttled(self, params: MultiDict[str, str]) -> bool:
        caller, rules = self._caller(params), self._settings.telephony
        most = rules.wrong_codes_of_withheld_numbers_per_hour if caller == _WITHHELD else rules.wrong_codes_per_hour
        return self._wrong_codes.count(caller, self._clock.now()) >= most

    def _caller(self, params: MultiDict[str, str]) -> str:
        number = read_number(params.get("From", "")).e164
        return _WITHHELD if number is None else hmac.digest(self._keys[0], number.encode(), "sha256").hex()


def _token(target: str) -> str:
    return parse_qs(target.partition("?")[2]).get("s", [""])[0]


def _leg(params: MultiDict[str, str], route: Route, state: State) -> str:
    return f"{call_of(params, route)} {state.rung}"
