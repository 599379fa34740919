"""An advisory in one project: verify, patch, delivery; no step is skipped or taken twice, whoever tries."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.advisory import Stage, Step, StepTaken, stage_after, step_fault, steps_of
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.ticket import Role
from tests.support.reasons import said

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
N2 = frozenset({Role.N2})
IN_ORDER = [
    ([], Stage.VERIFY),
    ([Step.ABSENT], Stage.CLOSED),
    ([Step.PRESENT], Stage.PATCH),
    ([Step.PRESENT, Step.PATCHED], Stage.DELIVERY),
    ([Step.PRESENT, Step.PATCHED, Step.DELIVERED], Stage.CLOSED),
]


def taken(steps: list[Step]) -> list[StepTaken]:
    return [StepTaken(step=step, at=NOW, by="ana@support.example", words="") for step in steps]


@pytest.mark.parametrize(("steps", "stage"), IN_ORDER)
def test_steps_lead_to_the_next_thing_to_do(steps: list[Step], stage: Stage) -> None:
    assert stage_after(taken(steps)) is stage


@pytest.mark.parametrize(
    ("steps", "step", "words", "fault"),
    [
        ([], Step.PATCHED, "1.2", "patched comes later or not at all: next is absent, present"),
        ([], Step.DELIVERED, "", "delivered comes later or not at all: next is absent, present"),
        ([], Step.PRESENT, "  ", "say what was found"),
        ([], Step.ABSENT, "", "say what was found"),
        ([Step.PRESENT], Step.DELIVERED, "", "delivered comes later or not at all: next is patched"),
        ([Step.PRESENT], Step.PRESENT, "x", "it was found or set present already, by ana@support.example"),
        ([Step.PRESENT], Step.ABSENT, "x", "absent comes later or not at all: next is patched"),
        ([Step.ABSENT], Step.PRESENT, "x", "its procedure is over: it was absent"),
        ([Step.PRESENT, Step.PATCHED], Step.DELIVERED, "", None),
    ],
)
def test_a_step_is_taken_in_its_place_and_once(steps: list[Step], step: Step, words: str, fault: str | None) -> None:
    assert said(step_fault(N2, taken(steps), step, words=words)) == fault


@pytest.mark.parametrize("role", Role)
def test_n2_and_supervisors_take_the_steps(role: Role) -> None:
    fault = step_fault(frozenset({role}), [], Step.PRESENT, words="seen in 3.1")
    assert (fault is None) == (role in {Role.N2, Role.SUPERVISOR})


@given(st.lists(st.sampled_from(Step), max_size=12))
def test_whatever_is_tried_only_the_procedure_happens(tried: list[Step]) -> None:
    done: list[Step] = []
    for step in tried:
        if step_fault(N2, taken(done), step, words="x") is None:
            done.append(step)
    assert (done, stage_after(taken(done))) in [(steps, stage) for steps, stage in IN_ORDER]


def test_the_steps_are_read_from_the_history_with_who_and_when() -> None:
    created = TicketEvent(type=EventType.CREATED, at=NOW, by=By.GATEWAY)
    step = TicketEvent(
        type=EventType.STEP, at=NOW, by=By.AGENT, author="ana@support.example", value="present", reason="seen in 3.1"
    )
    [found] = steps_of([created, step])
    assert found == StepTaken(step=Step.PRESENT, at=NOW, by="ana@support.example", words="seen in 3.1")
