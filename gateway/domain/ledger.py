"""A ticket's clocks as lines of a ledger: what a service report needs of them, without folding its history again.

A clock that has stopped is decided for good, as long as its history, contract and calendar stay what they are: its line
has the verdict, the moment that puts it into a period, and for a miss the whole explanation. One that nothing has
stopped depends on the time of asking; its line says from when on it counts as missed, and whoever asks after that
folds the history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.calendar import Calendar
from gateway.domain.clock_reading import ClockState, read_clock
from gateway.domain.clocks import Clocks, Guarantee
from gateway.domain.events import EventType, TicketEvent
from gateway.domain.judged_clocks import Miss, Verdict, miss_of

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """One clock. `number` is its place among the ticket's.

    `decided_at` is when it was kept, ended, or due and missed; None while nothing has stopped it. Then `verdict` is
    `counting`, `due_at` when it is due (None while it pauses) and `breached_from` the first moment at which more will
    have been counted than promised (None likewise).
    """

    number: int
    guarantee: Guarantee
    severity: str
    verdict: Verdict
    started_at: datetime
    decided_at: datetime | None = None
    due_at: datetime | None = None
    breached_from: datetime | None = None
    miss: Miss | None = None


def ledger_of(
    ref: str, history: Sequence[TicketEvent], clocks: Clocks, *, calendar: Calendar, now: datetime
) -> list[LedgerLine]:
    """The lines of the clocks that something is promised for. They are true at any time, and not at `now` alone."""
    lines = []
    for number, clock in enumerate(clocks.clocks):
        reading = read_clock(clock, clocks, calendar=calendar, now=now)
        if reading.promised is None:
            continue
        severity = str((clock.severity if clock.stopped_at else clocks.severity) or "")
        verdict, decided_at, miss = Verdict.COUNTING, None, None
        if clock.stopped_at is not None and reading.state is ClockState.BREACHED:
            verdict, decided_at = Verdict.MISSED, reading.due
            miss = miss_of(ref, history, reading, clocks, severity=severity)
        elif clock.stopped_at is not None:
            verdict, decided_at = Verdict.KEPT if clock.met else Verdict.ENDED, clock.stopped_at
        lines.append(
            LedgerLine(
                number=number,
                guarantee=clock.guarantee,
                severity=severity,
                verdict=verdict,
                started_at=clock.started_at,
                decided_at=decided_at,
                due_at=reading.due,
                breached_from=None if decided_at else reading.moment_of(reading.promised + _MICROSECOND),
                miss=miss,
            )
        )
    return lines


def miss_as_json(miss: Miss) -> dict[str, Any]:
    """A miss as plain values for the database; it names nobody."""
    return {
        "ref": miss.ref,
        "guarantee": miss.guarantee.value,
        "severity": miss.severity,
        "promised": _number(miss.promised),
        "counting": miss.counting,
        "started_at": miss.started_at.isoformat(),
        "due_at": miss.due_at.isoformat(),
        "stopped_at": None if miss.stopped_at is None else miss.stopped_at.isoformat(),
        "met": miss.met,
        "late": _number(miss.late),
        "paused": _number(miss.paused),
        "story": [[at.isoformat(), kind.value, value] for at, kind, value in miss.story],
        "explanation": miss.explanation,
    }


def miss_from_json(document: Mapping[str, Any]) -> Miss:
    """The miss that `miss_as_json` wrote down."""
    stopped_at = document["stopped_at"]
    return Miss(
        ref=document["ref"],
        guarantee=Guarantee(document["guarantee"]),
        severity=document["severity"],
        promised=_length(document["promised"]),
        counting=document["counting"],
        started_at=datetime.fromisoformat(document["started_at"]),
        due_at=datetime.fromisoformat(document["due_at"]),
        stopped_at=None if stopped_at is None else datetime.fromisoformat(stopped_at),
        met=document["met"],
        late=_length(document["late"]),
        paused=_length(document["paused"]),
        story=tuple((datetime.fromisoformat(at), EventType(kind), value) for at, kind, value in document["story"]),
        explanation=document["explanation"],
    )


def _number(length: timedelta) -> int:
    return length // _MICROSECOND


def _length(microseconds: int) -> timedelta:
    return timedelta(microseconds=microseconds)
