"""What was done for a project in a period, as pure functions of what is on record: nothing here is a counter."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from gateway.domain.judged_clocks import Kept, Miss
from gateway.domain.period import Period

_MOST_REASONS = 20
OTHER = "other reasons"
NAMED_ONLY = "named a request and joined none"
_SURE_RULES = frozenset({"signed reply address", "our Message-ID", "Message-ID on a ticket"})
_RULES = _SURE_RULES | {"signed mark in the quote", "reference in the subject"}


@dataclass(frozen=True, kw_only=True)
class FirstAnswers:
    """How long people waited for a first answer by a person, in elapsed time, on the tickets that the period began.

    `median` and `ninth` (nine of ten waited no longer) are None where nobody was answered.
    """

    answered: int
    unanswered: int
    median: timedelta | None
    ninth: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Threading:
    """By which rule replies found their ticket; `NAMED_ONLY` are those that named one and joined none."""

    by_rule: Mapping[str, int]

    @property
    def replies(self) -> int:
        """All mails that answer something of ours."""
        return sum(self.by_rule.values())

    @property
    def sure(self) -> int:
        """Those that a signed address or a Message-ID brought to their ticket."""
        return sum(count for rule, count in self.by_rule.items() if rule in _SURE_RULES)

    @property
    def share(self) -> float | None:
        """The sure ones as a part of all, 0 to 1; None where nobody replied."""
        return self.sure / self.replies if self.replies else None


class Silenced(StrEnum):
    """What was suppressed: mail that came in and began nothing, and mail of ours that was not sent."""

    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    HELD = "held"
    DISCARDED = "discarded"
    NOT_ACKNOWLEDGED = "not acknowledged"
    NOT_SENT = "not sent"


@dataclass(frozen=True, kw_only=True)
class Suppressed:
    """What was suppressed for one reason, and how often."""

    what: Silenced
    why: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ServiceReport:
    """The whole report. `volumes` counts the tickets that the period began by channel, empty where our own side began
    them, and kind; `reopenings` by whose act (`events.By`); `calls` by outcome (`call.Outcome`)."""

    project: str
    name: str
    period: Period
    made_at: datetime
    volumes: Mapping[tuple[str, str], int]
    kept: tuple[Kept, ...]
    misses: tuple[Miss, ...]
    first_answers: FirstAnswers
    reopenings: Mapping[str, int]
    calls: Mapping[str, int]
    threading: Threading
    suppressed: tuple[Suppressed, ...]

    @property
    def opened(self) -> int:
        """How many tickets the period began."""
        return sum(self.volumes.values())

    def by_channel(self) -> dict[str, int]:
        """The tickets by channel, the most first."""
        return _added((channel, count) for (channel, _), count in self.volumes.items())

    def by_kind(self) -> dict[str, int]:
        """The tickets by kind, the most first."""
        return _added((kind, count) for (_, kind), count in self.volumes.items())


def first_answers(waited: Iterable[timedelta | None]) -> FirstAnswers:
    """The times until a first answer, None for a ticket that nobody has answered."""
    times = list(waited)
    known = sorted(max(one, timedelta(0)) for one in times if one is not None)
    return FirstAnswers(
        answered=len(known),
        unanswered=len(times) - len(known),
        median=rank(known, 0.5),
        ninth=rank(known, 0.9),
    )


def rank(ordered: Sequence[timedelta], part: float) -> timedelta | None:
    """The least of these (in order) that this part of them does not exceed; None of nothing."""
    return ordered[max(ceil(part * len(ordered)), 1) - 1] if ordered else None


def rule_of_reply(trace: Sequence[Mapping[str, str]]) -> str | None:
    """By which rule a mail that began a ticket had found another; None for one that answers nothing of ours.

    - a mail may find its ticket and begin a new one: that was closed long ago
    - `NAMED_ONLY`: it named a ticket that it was not believed on, or several
    """
    steps = [(step["rule"], step["outcome"]) for step in trace if step["rule"] in _RULES]
    if matched := [rule for rule, outcome in steps if outcome == "match"]:
        return matched[0]
    return NAMED_ONLY if any(outcome in {"not believed", "ambiguous"} for _, outcome in steps) else None


def suppressions(found: Iterable[tuple[Silenced, str, int]]) -> tuple[Suppressed, ...]:
    """What was suppressed, by reason, the most frequent first; beyond twenty reasons the rest is counted as one.

    Evidence after a colon, which is another for each mail, is left out, and so is which mail came twice.
    """
    counted: dict[Silenced, Counter[str]] = {}
    for what, reason, count in found:
        counted.setdefault(what, Counter())[_reason(what, reason)] += count
    rows = []
    for what in Silenced:
        reasons = counted.get(what, Counter()).most_common()
        rows += [Suppressed(what=what, why=why, count=count) for why, count in reasons[:_MOST_REASONS]]
        if rest := sum(count for _, count in reasons[_MOST_REASONS:]):
            rows.append(Suppressed(what=what, why=OTHER, count=rest))
    return tuple(rows)


def _reason(what: Silenced, reason: str) -> str:
    if what is Silenced.DUPLICATE:
        return "the same mail came again"
    if what is Silenced.NOT_SENT:
        return "mail had come back from the address"
    return reason if what is Silenced.DISCARDED else reason.partition(": ")[0]


def _added(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for name, count in pairs:
        counted[name] += count
    return dict(counted.most_common())
