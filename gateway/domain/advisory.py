"""Preventive work: the procedure that one project goes through for an advisory, step by step.

An advisory tells of a security flaw, or of an anomaly that could lose data. In each project that it concerns it is
verified whether the flaw is present; where it is, the patch is installed, its delivery is tracked, and only then is
the work over. No step can be skipped or taken twice. Where a project stands follows from its ticket's history alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.events import EventType, TicketEvent
from gateway.domain.reasons import Reason, Why
from gateway.domain.ticket import Role

WORKERS = frozenset({Role.N2, Role.SUPERVISOR})
"""Who opens advisories and takes their steps: N1 is usually the customer's own, N3 corrects anomalies."""


class Danger(StrEnum):
    """What an advisory warns of."""

    SECURITY = "security"
    DATA_LOSS = "data-loss"


class Stage(StrEnum):
    """What is to be done next in a project."""

    VERIFY = "verify"
    PATCH = "patch"
    DELIVERY = "delivery"
    CLOSED = "closed"


class Step(StrEnum):
    """What somebody did."""

    ABSENT = "absent"  # verified: it is not in this application
    PRESENT = "present"  # verified: it is
    PATCHED = "patched"  # the patch is installed
    DELIVERED = "delivered"  # it has reached the customer


_PROCEDURE: Mapping[Stage, Mapping[Step, Stage]] = {
    Stage.VERIFY: {Step.ABSENT: Stage.CLOSED, Step.PRESENT: Stage.PATCH},
    Stage.PATCH: {Step.PATCHED: Stage.DELIVERY},
    Stage.DELIVERY: {Step.DELIVERED: Stage.CLOSED},
    Stage.CLOSED: {},
}
_FINDINGS = frozenset({Step.ABSENT, Step.PRESENT})


@dataclass(frozen=True, kw_only=True)
class StepTaken:
    """A step that was taken: by whom (their address), when, and what they found or did, in their words."""

    step: Step
    at: datetime
    by: str
    words: str


def steps_of(history: Iterable[TicketEvent]) -> tuple[StepTaken, ...]:
    """The steps in a ticket's history, in order."""
    return tuple(
        StepTaken(step=Step(event.value), at=event.at, by=event.author, words=event.reason)
        for event in history
        if event.type is EventType.STEP
    )


def stage_after(steps: Sequence[StepTaken]) -> Stage:
    """Where these steps lead from the beginning. Raises KeyError for steps that are not in their order."""
    stage = Stage.VERIFY
    for taken in steps:
        stage = _PROCEDURE[stage][taken.step]
    return stage


def next_steps(stage: Stage) -> tuple[Step, ...]:
    """The steps that may be taken from here; none where the procedure is over."""
    return tuple(_PROCEDURE[stage])


def step_fault(roles: frozenset[Role], steps: Sequence[StepTaken], step: Step, *, words: str) -> Why | None:
    """Why somebody with these roles may not take this step now; None where they may.

    - N2 and supervisors take steps
    - a step is taken once, and none is skipped
    - who verified says what they found
    """
    before = {taken.step: taken for taken in steps}
    following = _PROCEDURE[stage_after(steps)]
    if not roles & WORKERS:
        return Reason.STEPS_BY_WORKERS()
    if step in before:
        return Reason.STEP_TAKEN(step=step, who=before[step].by)
    if not following:
        return Reason.STEPS_OVER(step=steps[-1].step)
    if step not in following:
        return Reason.STEP_LATER(step=step, next=", ".join(following))
    if step in _FINDINGS and not words.strip():
        return Reason.STEP_SAYS_WHAT()
    return None
