"""Supervisors look after the people of their projects, touch nobody of others, and widen no rights of their own."""

import pytest

from gateway.domain.keeping import may_find, may_give, may_take, may_touch
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Role

MINE = frozenset({"DEMO", "SHOP"})
NONE: frozenset[Role] = frozenset()
CHIEF = frozenset({Role.SUPERVISOR})


def keys(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


@pytest.mark.parametrize(
    ("reach", "is_found", "is_theirs"),
    [("DEMO", True, True), ("DEMO SHOP", True, True), ("DEMO OTHER", True, False), ("OTHER", False, False), ("", 0, 0)],
)
def test_somebody_of_other_projects_too_is_found_and_not_touched(reach: str, is_found: bool, is_theirs: bool) -> None:
    assert may_find(MINE, keys(reach)) == is_found
    assert (may_touch(MINE, keys(reach)) is None) == is_theirs


@pytest.mark.parametrize(
    ("project", "is_self", "fault"),
    [
        ("DEMO", False, None),
        ("OTHER", False, Reason.ROLE_ELSEWHERE()),
        ("DEMO", True, Reason.ROLE_OF_ONESELF()),
        ("OTHER", True, Reason.ROLE_ELSEWHERE()),
    ],
)
def test_a_role_is_given_in_ones_own_project_and_to_others(project: str, is_self: bool, fault: object) -> None:
    assert may_give(MINE, project, is_self=is_self) == fault


@pytest.mark.parametrize(
    ("project", "roles", "configured", "others", "fault"),
    [
        ("DEMO", frozenset({Role.N2}), NONE, 0, None),
        ("DEMO", CHIEF, NONE, 1, None),
        ("DEMO", CHIEF, NONE, 0, Reason.LAST_SUPERVISOR(project="DEMO")),
        ("DEMO", frozenset(Role), NONE, 0, Reason.LAST_SUPERVISOR(project="DEMO")),
        ("OTHER", frozenset({Role.N2}), NONE, 1, Reason.ROLE_ELSEWHERE()),
        ("DEMO", frozenset({Role.N2}), frozenset({Role.N2}), 1, Reason.ROLE_CONFIGURED(project="DEMO")),
        ("DEMO", frozenset({Role.N2}), frozenset({Role.N1}), 1, None),
    ],
)
def test_a_role_is_taken_where_it_was_given_and_never_the_last_supervisors(
    project: str, roles: frozenset[Role], configured: frozenset[Role], others: int, fault: object
) -> None:
    assert may_take(MINE, project, roles, configured=configured, others=others) == fault
