"""A call, folded from its events: what arrived twice, late or out of order leads to the same record.

Nothing is a counter and no event overwrites another: the record is computed from all that is known each time. Events
are put in the order in which things happened, not in which they were heard of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.domain.ticket import Kind, Severity, Status

SHORTEST_MESSAGE = 2
"""Seconds; less is a caller who hung up on the tone."""

OPENS = "ticket.wanted"
"""The step by which a call becomes a ticket. It holds the project, the language and when the call began."""

TEXT = "text.wanted"
"""The step by which a caller asks for the platform's address on their mobile."""

ENDED = ("completed", "busy", "failed", "no-answer", "canceled")
_PROGRESS = ("queued", "initiated", "ringing", "in-progress")
_JOINED = frozenset({"completed", "answered"})


class Outcome(StrEnum):
    """What became of a call."""

    UNDER_WAY = "under_way"
    ANSWERED = "answered"  # an agent talked to the caller
    MESSAGE = "message"  # a message was left
    MISSED = "missed"  # a caller with a ticket, or of another telephone system, reached nobody
    REDIRECTED = "redirected"  # was told what to do instead
    OUT_OF_HOURS = "out_of_hours"
    ABANDONED = "abandoned"  # hung up on the way
    ERROR = "error"  # something of ours failed


@dataclass(frozen=True, kw_only=True)
class CallEvent:
    """One thing that was heard of a call. `turn` orders what the caller went through; `data` are plain values."""

    key: str
    kind: str
    at: datetime
    turn: int
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One agent rung: what came of it and how many seconds the leg lasted, None where nobody said.

    `label` is what another telephone system calls them; `agent` is 0 where that is all that is known.
    """

    agent: int
    outcome: str
    seconds: int | None = None
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A recording of the provider's: its id, what it says of the file (empty for nothing yet), its length."""

    id: str
    status: str
    seconds: int


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """A call as its events tell it. Seconds are None where unknown.

    `ticket` is the reference that was matched; `unverified_code` a code that nobody could look at. `opened_at` is when
    a call began that becomes a ticket itself, as on a line that takes anybody; `text_wanted_at` when the caller asked
    for a text message. `answered_by` is the agent who talked, `note` what they wrote down. `steps` are the names of
    what the caller went through, in order.
    """

    started_at: datetime
    ended_at: datetime | None
    status: str
    outcome: Outcome
    caller: str | None
    caller_kind: str
    called: str
    lang: str
    project: str
    is_open: bool | None
    ticket: str | None
    unverified_code: str | None
    opened_at: datetime | None
    text_wanted_at: datetime | None
    answered_at: datetime | None
    answered_by: int | None
    total_seconds: int | None
    talk_seconds: int | None
    attempts: tuple[Attempt, ...]
    messages: tuple[Message, ...]
    steps: tuple[str, ...]
    source: str
    note: str = ""

    @property
    def has_ended(self) -> bool:
        """True once nothing more happens on the line."""
        return self.status in ENDED

    @property
    def waiting_seconds(self) -> int | None:
        """From the beginning until an agent took it; None where none did."""
        return None if self.answered_at is None else max(0, round((self.answered_at - self.started_at).total_seconds()))

    @property
    def opens_ticket(self) -> bool:
        """True for a call that becomes a ticket."""
        return self.opened_at is not None

    @property
    def names_a_ticket(self) -> bool:
        """True for a caller who named a ticket, whether or not anybody could look at it, and for one who begins one."""
        return self.ticket is not None or self.unverified_code is not None or self.opens_ticket

    @property
    def wants_callback(self) -> bool:
        """Whether somebody should call back: the caller has a ticket and talked to nobody."""
        return self.names_a_ticket and self.outcome in {Outcome.MESSAGE, Outcome.MISSED}


def is_eligible(*, kind: Kind, severity: Severity | None, status: Status) -> bool:
    """True for a ticket that may be called about: an open, blocking incident."""
    is_open = status in {Status.NEW, Status.OPEN, Status.PENDING}
    return is_open and severity is Severity.BLOCKING and kind is Kind.CORRECTIVE


def fold_call(events: Iterable[CallEvent]) -> CallRecord:
    """The record that these events lead to, in whatever order they come and however often. At least one is needed."""
    unique = {event.key: event for event in events}
    ordered = sorted(unique.values(), key=lambda event: (event.turn, event.at, event.key))
    steps = [(event, step) for event in ordered for step in event.data.get("steps", ())]
    status, ended_at = _status(ordered)
    started_at = min(event.at - timedelta(seconds=int(event.data.get("seconds") or 0)) for event in ordered)
    began = [event.at for event in ordered if event.kind in {"voice", "began"}]
    attempts = _attempts(ordered, steps)
    joined = next((one for one in attempts if one.outcome == "answered"), None)
    answers = [(event.at, step.get("agent")) for event, step in steps if step["name"] == "agent.accepted"]
    accepted = [at for at, agent in answers if joined is not None and agent == joined.agent]
    messages = _messages(ordered, steps)
    opened = _fact(steps, OPENS, "begun")
    totals = [int(event.data["seconds"]) for event in ordered if event.data.get("seconds")]
    known = _Known(steps=steps, status=status, joined=joined is not None, messages=messages)
    return CallRecord(
        started_at=min(began) if began else started_at,
        ended_at=ended_at,
        status=status,
        outcome=_outcome(known),
        caller=_first(ordered, "from"),
        caller_kind=_first(ordered, "from_kind") or "anonymous",
        called=_first(ordered, "to") or "",
        lang=_fact(steps, "language", "lang") or _fact(steps, OPENS, "lang") or "fr",
        project=_fact(steps, "call.received", "project")
        or _fact(steps, OPENS, "project")
        or _first(ordered, "project")
        or "",
        is_open=_fact(steps, "call.received", "open"),
        ticket=_fact(steps, "ticket.matched", "ticket") or _first(ordered, "ticket"),
        unverified_code=_fact(steps, "ticket.unverified", "code"),
        opened_at=None if opened is None else datetime.fromtimestamp(opened, UTC),
        text_wanted_at=min((event.at for event, step in steps if step["name"] == TEXT), default=None),
        answered_at=min(accepted) if accepted else None,
        answered_by=joined.agent if joined else None,
        total_seconds=max(totals) if totals else None,
        talk_seconds=_talk_seconds(joined, min(accepted, default=None), ended_at),
        attempts=attempts,
        messages=messages,
        steps=tuple(step["name"] for _, step in steps),
        note=_first(ordered, "note") or "",
        source=_source(ordered),
    )


_Steps = Sequence[tuple[CallEvent, Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class _Known:
    steps: _Steps
    status: str
    joined: bool
    messages: tuple[Message, ...]


def _outcome(known: _Known) -> Outcome:
    names = {step["name"] for _, step in known.steps}
    left = any(message.seconds >= SHORTEST_MESSAGE for message in known.messages)
    is_over = known.status in ENDED or "caller.gone" in names
    rules = (
        (known.joined, Outcome.ANSWERED),
        (left, Outcome.MESSAGE),
        (not is_over, Outcome.UNDER_WAY),
        (bool(names & {"ticket.matched", "ticket.unverified", OPENS, "pbx.ended"}), Outcome.MISSED),
        ("apology" in names, Outcome.ERROR),
        ("told.refused" in names, Outcome.REDIRECTED),
        ("told.closed" in names, Outcome.OUT_OF_HOURS),
    )
    return next((outcome for holds, outcome in rules if holds), Outcome.ABANDONED)


def _status(ordered: Sequence[CallEvent]) -> tuple[str, datetime | None]:
    """The most final status; one that ended the call is never left again."""
    found = [(event.data["status"], event.at) for event in ordered if event.data.get("status")]
    for ended in ENDED:
        moments = [at for status, at in found if status == ended]
        if moments:
            return ended, min(moments)
    order = {status: place for place, status in enumerate(_PROGRESS)}
    return max((status for status, _ in found), key=lambda status: order.get(status, -1), default="queued"), None


def _attempts(ordered: Sequence[CallEvent], steps: _Steps) -> tuple[Attempt, ...]:
    """Each agent rung, in order. Answered are those who accepted and were joined, whichever was heard of first."""
    heard: dict[int, dict[str, Any]] = {}
    for _, step in steps:
        agent = step.get("agent")
        if agent is not None and step["name"].startswith("agent."):
            heard.setdefault(agent, {})[step["name"].removeprefix("agent.")] = step
    for event in ordered:
        leg = event.data.get("leg") or {}
        if leg.get("agent") is not None:
            legs = heard.setdefault(leg["agent"], {})
            if leg["status"] in ENDED:
                legs["leg"] = leg
    return tuple(_attempt(agent, found) for agent, found in heard.items())


def _attempt(agent: int, found: Mapping[str, Mapping[str, Any]]) -> Attempt:
    over, leg = found.get("ended", {}), found.get("leg", {})
    joined = over.get("bridged") if over.get("bridged") is not None else over.get("status") in _JOINED
    seconds = over.get("seconds") if over.get("seconds") else leg.get("seconds")
    if "accepted" in found and joined:
        outcome = "answered"
    elif "refused" in found or "silent" in found:
        outcome = "refused" if "refused" in found else "silent"
    elif "accepted" in found:
        outcome = "accepted" if not over else "cut off"
    else:
        outcome = over.get("status") or leg.get("status") or "rung"
        # Answered and never joined, by somebody or something that pressed no key.
        outcome = "silent" if outcome in _JOINED else outcome
    label = str(found.get("accepted", {}).get("label", ""))
    return Attempt(agent=agent, outcome=str(outcome), seconds=None if seconds is None else int(seconds), label=label)


def _talk_seconds(joined: Attempt | None, answered_at: datetime | None, ended_at: datetime | None) -> int | None:
    """As the leg says; where it says nothing, from being taken to the end of the call."""
    if joined is None or joined.seconds is not None or answered_at is None or ended_at is None:
        return joined.seconds if joined else None
    return max(0, round((ended_at - answered_at).total_seconds()))


def _messages(ordered: Sequence[CallEvent], steps: _Steps) -> tuple[Message, ...]:
    """The recordings. What the provider says of a file counts more than what it said when the caller hung up."""
    found: dict[str, Message] = {}
    for _, step in steps:
        if step["name"] in {"message.left", "message.empty"} and step.get("recording"):
            found[step["recording"]] = Message(id=step["recording"], status="", seconds=int(step["seconds"]))
    rank = {"in-progress": 0, "processing": 1, "absent": 2, "failed": 3, "completed": 4}
    told = [event.data["recording"] for event in ordered if event.data.get("recording")]
    for one in sorted(told, key=lambda one: rank.get(one["status"], -1)):
        before = found.get(one["id"])
        length = max(int(one["seconds"]), before.seconds if before else 0)
        found[one["id"]] = Message(id=one["id"], status=one["status"], seconds=length)
    return tuple(found[name] for name in sorted(found))


def _source(ordered: Sequence[CallEvent]) -> str:
    """How we know of the call: by its own webhook, or else by what first told of it."""
    if any(event.kind == "voice" for event in ordered):
        return "webhook"
    return str(_first(ordered, "source") or "callback")


def _fact(steps: _Steps, name: str, fact: str) -> Any:
    return next((step.get(fact) for _, step in steps if step["name"] == name), None)


def _first(ordered: Sequence[CallEvent], name: str) -> Any:
    return next((event.data[name] for event in ordered if event.data.get(name)), None)
