"""Which guaranteed times a period kept and which it missed, each miss with what explains it.

A clock belongs to the period in which it was decided: one that was kept, to when it stopped; one that was missed, to
when it was due. So every clock is in one report, and the reports of two months make that of both. A severity or a
contract that is put right later changes what was measured, in the reports of the past too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.calendar import Calendar
from gateway.domain.clock_reading import ClockState, Reading, explain, read_clock
from gateway.domain.clocks import Clocks, Guarantee
from gateway.domain.events import EventType, TicketEvent
from gateway.domain.period import Period
from gateway.domain.ticket import Severity

_TOLD = frozenset({EventType.KIND, EventType.SEVERITY, EventType.STATUS, EventType.LEVEL, EventType.ASSIGNED})


class Verdict(StrEnum):
    """What became of a guaranteed time.

    `counting`: neither kept nor missed yet; `ended`: the ticket came to its end in time and without it.
    """

    KEPT = "kept"
    MISSED = "missed"
    COUNTING = "counting"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class Miss:
    """A guaranteed time that was not kept, with what explains it.

    `late` is how much more was counted than promised, in the hours that count; `paused` how long it waited for the
    reporter, in elapsed time; `stopped_at` is None while nothing has stopped it, and `met` tells whether it was met
    at last. `story` is what happened to the ticket meanwhile: when, which event, its value.
    """

    ref: str
    guarantee: Guarantee
    severity: str
    promised: timedelta
    counting: str
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    met: bool
    late: timedelta
    paused: timedelta
    story: tuple[tuple[datetime, EventType, str], ...]
    explanation: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One clock of a ticket, judged for a period. `miss` is there for one that was missed."""

    guarantee: Guarantee
    severity: str
    verdict: Verdict
    miss: Miss | None = None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How the clocks of one guarantee and severity went."""

    guarantee: Guarantee
    severity: str
    verdicts: Mapping[Verdict, int]


def judge_clocks(
    ref: str, history: Sequence[TicketEvent], clocks: Clocks, *, calendar: Calendar, period: Period, now: datetime
) -> list[Judged]:
    """The ticket's clocks that this period decided, and those that began before its end and are not decided.

    - kept: met in time, within the period
    - missed: due within the period, and more was counted than promised
    - counting: nothing has decided it by `now`
    - ended: the ticket came to its end in time within the period, and nothing was met
    - no part of it: nothing is promised, or another period decided it
    """
    found = []
    for clock in clocks.clocks:
        reading = read_clock(clock, clocks, calendar=calendar, now=now)
        verdict = _verdict(reading, period)
        if verdict is None:
            continue
        severity = str((clock.severity if clock.stopped_at else clocks.severity) or "")
        miss = miss_of(ref, history, reading, clocks, severity=severity) if verdict is Verdict.MISSED else None
        found.append(Judged(guarantee=clock.guarantee, severity=severity, verdict=verdict, miss=miss))
    return found


def _verdict(reading: Reading, period: Period) -> Verdict | None:
    if reading.promised is None:
        return None
    if reading.state is ClockState.BREACHED:
        return Verdict.MISSED if reading.due is not None and period.holds(reading.due) else None
    stopped_at = reading.clock.stopped_at
    if stopped_at is None:
        return Verdict.COUNTING if reading.clock.started_at < period.until else None
    if not period.holds(stopped_at):
        return None
    return Verdict.KEPT if reading.clock.met else Verdict.ENDED


def miss_of(ref: str, history: Sequence[TicketEvent], reading: Reading, clocks: Clocks, *, severity: str) -> Miss:
    """What explains a clock of this ticket that is read as breached."""
    clock, promised, due = reading.clock, reading.promised, reading.due
    assert promised is not None, "only what is promised is missed"
    assert due is not None, "what was missed was due"
    assert reading.terms is not None, "a promise has its terms"
    end = clock.stopped_at or reading.now
    ran = sum((stop - start for start, stop in clock.spans), timedelta(0))
    if clock.running_since is not None:
        ran += max(end - clock.running_since, timedelta(0))
    story = tuple(
        (event.at, event.type, "" if event.type is EventType.ASSIGNED else event.value)
        for event in history
        if event.type in _TOLD and clock.started_at <= event.at <= end
    )
    return Miss(
        ref=ref,
        guarantee=clock.guarantee,
        severity=severity,
        promised=promised,
        counting=reading.terms.counting.value,
        started_at=clock.started_at,
        due_at=due,
        stopped_at=clock.stopped_at,
        met=clock.met,
        late=reading.spent - promised,
        paused=max(end - clock.started_at - ran, timedelta(0)),
        story=story,
        explanation=explain(reading, clocks),
    )


def count_verdicts(judged: Iterable[Judged]) -> tuple[Kept, ...]:
    """The clocks by guarantee and severity, GTI first, the worst severity first."""
    return add_verdicts((one.guarantee, one.severity, one.verdict, 1) for one in judged)


def add_verdicts(numbers: Iterable[tuple[Guarantee, str, Verdict, int]]) -> tuple[Kept, ...]:
    """The same of clocks that were counted: guarantee, severity, verdict, how many."""
    counted: dict[tuple[Guarantee, str], Counter[Verdict]] = {}
    for guarantee, severity, verdict, number in numbers:
        counted.setdefault((guarantee, severity), Counter())[verdict] += number
    order = [*Severity, ""]
    keys = sorted(counted, key=lambda key: (list(Guarantee).index(key[0]), order.index(key[1])))
    return tuple(Kept(guarantee=key[0], severity=key[1], verdicts=dict(counted[key])) for key in keys)
