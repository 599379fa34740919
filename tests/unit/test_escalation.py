"""Whom a mark of a clock calls."""

import pytest

from gateway.domain.contract import DEFAULT_LADDER, Ladder, Rung
from gateway.domain.escalation import called

ANA, TEAM, CHIEFS = 1, frozenset({1, 2, 3}), frozenset({9})
SILENT: Ladder = ((50, frozenset()), (75, frozenset()), (100, frozenset({Rung.SUPERVISOR})))


@pytest.mark.parametrize(
    ("percent", "assignee", "team", "people"),
    [
        (50, ANA, TEAM, {1}),
        (75, ANA, TEAM, {1, 2, 3}),
        (100, ANA, TEAM, {1, 2, 3, 9}),
        (50, None, TEAM, {1, 2, 3}),  # nobody has it: its level does
        (50, None, frozenset(), {9}),
        (75, None, frozenset(), {9}),
        (30, ANA, TEAM, set()),
    ],
)
def test_a_mark_calls_who_has_the_ticket_then_the_team_then_the_supervisors(
    percent: int, assignee: int | None, team: frozenset[int], people: set[int]
) -> None:
    assert called(DEFAULT_LADDER, percent, assignee=assignee, team=team, supervisors=CHIEFS) == people


def test_a_rung_that_is_left_empty_calls_nobody() -> None:
    assert called(SILENT, 50, assignee=ANA, team=TEAM, supervisors=CHIEFS) == set()
    assert called(SILENT, 100, assignee=ANA, team=TEAM, supervisors=CHIEFS) == {9}
