"""Where a call stands, carried in the address that its next request comes to: any process can go on with it.

The state is signed together with the call's id, so it is worth nothing in another call. It is not secret: the provider
can read it, nobody else sees it. What it holds of a ticket is the reference, which proves nothing.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.domain.ticket import Language

LIFETIME = timedelta(minutes=30)
LONGEST_TALK = timedelta(hours=4)
"""The provider ends a call after so much; what we hear at its end was signed before it began."""

_MAC_BYTES = 16


class Question(StrEnum):
    """What the caller was asked last, or what they wait for."""

    LANGUAGE = "l"
    CODE = "c"
    CONFIRM = "y"
    CLOSED = "o"  # whether they have a ticket, out of hours
    REFUSED = "r"  # whether they leave a message all the same
    RINGING = "d"
    NOTICE = "n"  # whether they hang on without a message
    MESSAGE = "v"


class BadState(ValueError):
    """Not made by us, of another call, altered or too old. Which of these is never told."""


@dataclass(frozen=True, kw_only=True)
class State:
    """A call between two requests.

    `is_open` is what the hours said when the call began, at `begun` (seconds since 1970). `turn` counts the requests,
    `tries` the codes. `ticket` is a reference, `verified` whether it was looked at. `agents` are people's ids in the
    order of ringing, the first `rung` of them rung, since `ring_since`.
    """

    question: Question
    project: str
    begun: int
    is_open: bool
    lang: Language = Language.FR
    turn: int = 0
    tries: int = 0
    code: str = ""
    ticket: str = ""
    verified: bool = False
    agents: tuple[int, ...] = ()
    rung: int = 0
    ring_since: int = 0

    @property
    def agent(self) -> int | None:
        """Whom we ring at the moment."""
        return self.agents[self.rung - 1] if 0 < self.rung <= len(self.agents) else None


def sign_state(state: State, *, call: str, key: bytes, now: datetime) -> str:
    """The token: letters, digits, `-`, `_` and a dot, fit for a query. The same for the same state, call and time."""
    values = [getattr(state, field.name) for field in fields(State)]
    document = json.dumps([int(now.timestamp()), *values], separators=(",", ":"))
    body = base64.urlsafe_b64encode(document.encode()).rstrip(b"=").decode()
    return f"{body}.{_mac(key, call, body)}"


def read_state(token: str, *, calls: Iterable[str], keys: Iterable[bytes], now: datetime) -> State:
    """The state of a token that was signed for one of these calls. Raises BadState.

    It lives for 30 minutes; while an agent is rung or talked to, for as long as a call can last beyond that.
    """
    body, _, mac = token.partition(".")
    wanted = [_mac(key, call, body) for key in keys for call in calls]
    agree = [hmac.compare_digest(one.encode(), mac.encode("utf-8", "replace")) for one in wanted]  # every one
    if not any(agree):
        raise BadState("no state of ours")
    try:
        issued, state = _decode(body)
    except (ValueError, TypeError, binascii.Error) as error:  # of another release
        raise BadState("no state of ours") from error
    lifetime = LIFETIME + (LONGEST_TALK if state.question is Question.RINGING else timedelta())
    if now.timestamp() - issued > lifetime.total_seconds():
        raise BadState("no state of ours")
    return state


def _decode(body: str) -> tuple[int, State]:
    document = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    issued, *listed = document
    values: dict[str, Any] = dict(zip((field.name for field in fields(State)), listed, strict=True))
    values["question"] = Question(values["question"])
    values["lang"] = Language(values["lang"])
    values["agents"] = tuple(values["agents"])
    return int(issued), State(**values)


def _mac(key: bytes, call: str, body: str) -> str:
    digest = hmac.digest(key, f"{call}\n{body}".encode("utf-8", "replace"), "sha256")[:_MAC_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
