"""Carries a call's effects out: sends its requests, lets its time pass, asks its caller for keys, keeps its record."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from telephony.simulator.account import Account, Hotline, new_sid
from telephony.simulator.call import call
from telephony.simulator.delivery import Faults, Mailbag
from telephony.simulator.document import Grammar
from telephony.simulator.effects import Effect, Fetch, Keys, Kind, Listen, Notify, Passed, Reply, Sent, Told
from telephony.simulator.script import HANG_UP, REACTION, Script, timed
from telephony.simulator.sending import Signing, Transport, signed_request
from telephony.simulator.world import Ending, Traits, World

Pace = Callable[[float], None]
"""Told of each span of seconds that goes by: `time.sleep` for real time, a clock that is moved, or nothing."""


def in_no_time(_seconds: float) -> None:
    """The pace of a call in virtual time alone."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The provider as it is set up: its account and number, how it signs and sends, and what goes wrong."""

    hotline: Hotline
    transport: Transport
    signing: Signing
    account: Account = field(default_factory=Account)
    grammar: Grammar = field(default_factory=Grammar)
    traits: Traits = field(default_factory=Traits)
    faults: Faults = field(default_factory=Faults)
    pace: Pace = in_no_time


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request that was sent, and the status that came back; 0 for none."""

    kind: Kind
    url: str
    status: int


class Session:
    """One call. `go_on` carries it to the next question that the script does not answer, or to its end.

    `tell` hears of each line of the transcript as it happens.
    """

    def __init__(
        self,
        provider: Provider,
        script: Script,
        *,
        begun: datetime,
        seed: int,
        tell: Callable[[Told], None] | None = None,
    ) -> None:
        source = random.Random(seed)  # noqa: S311  # to be repeated, not to be secret
        self._provider = provider
        self._tell = tell
        self._presses = list(script.presses)
        self._interrupts = script.interrupts
        self._tokens = random.Random(source.getrandbits(64))  # noqa: S311 - ids of a simulation, which a seed repeats
        fates = random.Random(source.getrandbits(64))  # noqa: S311  # so that faults do not change a call's ids
        self._fates = fates
        self._bag = Mailbag(deliver=self._deliver, faults=provider.faults, source=fates)
        self.world = World(
            script=script,
            hotline=provider.hotline,
            account=provider.account,
            begun=begun,
            source=source,
            grammar=provider.grammar,
            traits=provider.traits,
        )
        self._steps = call(self.world)
        self.question: Listen | None = None
        self.ending: Ending | None = None
        self.lines: list[Told] = []
        self.exchanges: list[Exchange] = []

    @property
    def unused(self) -> tuple[str, ...]:
        """What the script would have pressed had the call gone on."""
        return tuple(self._presses)

    @property
    def sid(self) -> str:
        """The call's id, once it goes on."""
        return self.world.sid

    def run(self) -> None:
        """To the end: where the script has no more keys, nothing is pressed."""
        self.go_on()
        while self.ending is None:
            self.press("")

    def go_on(self) -> None:
        """Until the caller is asked something that the script has no answer to, or the call is over."""
        self._advance(None)

    def press(self, keys: str) -> None:
        """Answer the question that the call stands at, with keys, `hangup` or nothing; then go on."""
        assert self.question is not None, "nothing is asked"
        question, self.question = self.question, None
        self._advance(self._keys(question, keys))

    def _advance(self, sent: Sent) -> None:
        try:
            effect = self._steps.send(sent)
            while True:
                if isinstance(effect, Listen) and not self._presses:
                    self.question = effect
                    return
                effect = self._steps.send(self._carry_out(effect))
        except StopIteration as over:
            self.ending = over.value
            self._bag.flush()

    def _carry_out(self, effect: Effect) -> Sent:
        match effect:
            case Fetch():
                return self._fetch(effect)
            case Notify():
                self._bag.hand_over(effect)
            case Listen():
                return self._keys(effect, self._presses.pop(0))
            case Passed():
                self._provider.pace(effect.seconds)
            case Told():
                self.lines.append(effect)
                if self._tell is not None:
                    self._tell(effect)
        return None

    def _keys(self, question: Listen, keys: str) -> Keys:
        if keys == HANG_UP:
            return Keys(hangs_up_after=question.prompt + REACTION)
        first = REACTION if self._interrupts else question.prompt + REACTION
        return Keys(presses=timed(keys, first=first))

    def _fetch(self, fetch: Fetch) -> Reply:
        token = self._token()
        reply = self._send(fetch, token)
        if self._fates.random() < self._provider.faults.repeated:
            self._send(fetch, token)
        return reply

    def _deliver(self, callback: Notify) -> None:
        self._send(callback, self._token())

    def _send(self, what: Fetch | Notify, token: str) -> Reply:
        request = signed_request(what.url, what.params, signing=self._provider.signing, token=token)
        reply = self._provider.transport(request)
        self.exchanges.append(Exchange(kind=what.kind, url=request.url, status=reply.status))
        return reply

    def _token(self) -> str:
        return new_sid("", self._tokens)
