"""The support contract of a project: which guaranteed times an incident has, and how they are counted.

GTI is the time within which a person takes an incident in hand, GTR the time within which service is restored.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from gateway.domain.ticket import Kind, Severity

SHORTEST = timedelta(hours=12)
LONGEST = timedelta(hours=48)


class Counting(StrEnum):
    """Which hours count: all of them, or the working hours of the project's calendar."""

    ELAPSED = "elapsed"
    WORKING = "working"


@dataclass(frozen=True, kw_only=True)
class Guarantees:
    """What one severity is promised. `gtr` is None where no recovery time is guaranteed."""

    gti: timedelta
    gtr: timedelta | None = None
    counting: Counting = Counting.ELAPSED


DEFAULT_GUARANTEES: tuple[tuple[Severity, Guarantees], ...] = (
    (Severity.BLOCKING, Guarantees(gti=timedelta(hours=12), gtr=timedelta(hours=24))),
    (Severity.MAJOR, Guarantees(gti=timedelta(hours=24), gtr=timedelta(hours=48))),
    (Severity.MINOR, Guarantees(gti=timedelta(hours=48))),
)


class Rung(StrEnum):
    """Who is called when a clock passes a mark: who has the ticket, its level's team, the supervisors."""

    ASSIGNEE = "assignee"
    TEAM = "team"
    SUPERVISOR = "supervisor"


Ladder = tuple[tuple[int, frozenset[Rung]], ...]
"""Whom each mark calls, by its percent of the guaranteed time; 100 is the breach."""

DEFAULT_LADDER: Ladder = (
    (50, frozenset({Rung.ASSIGNEE})),
    (75, frozenset({Rung.ASSIGNEE, Rung.TEAM})),
    (100, frozenset(Rung)),
)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The terms of a project. `kinds` are the kinds of work that carry severities and guaranteed times.

    `organisations` are mail domains whose people may see each other's tickets; none by default. Times outside 12 to
    48 hours are refused unless `unusual_times` says that they are meant. Raises ValueError with every fault.
    """

    guarantees: tuple[tuple[Severity, Guarantees], ...] = DEFAULT_GUARANTEES
    kinds: frozenset[Kind] = frozenset({Kind.CORRECTIVE})
    organisations: frozenset[str] = frozenset()
    unusual_times: bool = False
    ladder: Ladder = DEFAULT_LADDER

    def __post_init__(self) -> None:
        """Refuse a contract that makes no sense."""
        if faults := _faults(self):
            raise ValueError("; ".join(faults))

    def carries_severity(self, kind: Kind) -> bool:
        """True for a kind of work that has severities and guaranteed times."""
        return kind in self.kinds

    def guarantees_for(self, kind: Kind, severity: Severity | None) -> Guarantees | None:
        """What a ticket is promised; None where the contract promises nothing, or nobody has set a severity yet."""
        return dict(self.guarantees).get(severity) if severity and self.carries_severity(kind) else None

    def as_json(self) -> dict[str, Any]:
        """The terms that clocks are computed from, as plain values for the database."""
        return {
            "kinds": sorted(self.kinds),
            "guarantees": {
                severity: {
                    "gti_seconds": promised.gti.total_seconds(),
                    "gtr_seconds": None if promised.gtr is None else promised.gtr.total_seconds(),
                    "counting": promised.counting,
                }
                for severity, promised in self.guarantees
            },
        }


def contract_from_json(document: dict[str, Any]) -> Contract:
    """The terms that `as_json` wrote down. They were accepted once, so unusual times are no fault any more."""
    guarantees = []
    for severity, promised in document["guarantees"].items():
        gtr = promised["gtr_seconds"]
        values = Guarantees(
            gti=timedelta(seconds=promised["gti_seconds"]),
            gtr=None if gtr is None else timedelta(seconds=gtr),
            counting=Counting(promised["counting"]),
        )
        guarantees.append((Severity(severity), values))
    kinds = frozenset(Kind(kind) for kind in document["kinds"])
    return Contract(guarantees=tuple(guarantees), kinds=kinds, unusual_times=True)


def guarantee_faults(promised: Guarantees, *, unusual_times: bool) -> list[str]:
    """What is wrong with the times of one severity.

    - a time that is nothing or negative
    - a GTR that ends before the GTI
    - a time outside 12 to 48 hours, unless it is meant
    """
    times = [("GTI", promised.gti), *([] if promised.gtr is None else [("GTR", promised.gtr)])]
    faults = [f"a {name} of {_hours(time)} h is no time" for name, time in times if time <= timedelta(0)]
    if promised.gtr is not None and promised.gtr < promised.gti:
        faults.append(f"the GTR ({_hours(promised.gtr)} h) ends before the GTI ({_hours(promised.gti)} h)")
    if not unusual_times:
        faults += [
            f"a {name} of {_hours(time)} h is outside {_hours(SHORTEST)} to {_hours(LONGEST)} hours"
            for name, time in times
            if timedelta(0) < time and not SHORTEST <= time <= LONGEST
        ]
    return faults


def _faults(contract: Contract) -> list[str]:
    named = [severity for severity, _ in contract.guarantees]
    faults = [f"severity {severity} has no GTI" for severity in Severity if severity not in named]
    faults += [f"severity {severity} is there twice" for severity in Severity if named.count(severity) > 1]
    for severity, promised in contract.guarantees:
        faults += [
            f"severity {severity}: {fault}"
            for fault in guarantee_faults(promised, unusual_times=contract.unusual_times)
        ]
    if not contract.kinds:
        faults.append("no kind of work carries guaranteed times")
    return faults


def _hours(time: timedelta) -> str:
    return f"{time / timedelta(hours=1):g}"


USUAL_CONTRACT = Contract()
