"""Who sees a ticket, and who does what with it."""

from dataclasses import replace

import pytest

from gateway.domain.contract import USUAL_CONTRACT
from gateway.domain.rights import (
    Actor,
    Place,
    may_assign,
    may_note,
    may_read_notes,
    may_see,
    may_set_kind,
    may_set_severity,
    may_set_status,
    may_work,
)
from gateway.domain.ticket import Kind, Level, Role, Status
from tests.support.places import COLLEAGUE, N1, N2, N3, REPORTER, STRANGER, SUPERVISOR, place
from tests.support.reasons import said


@pytest.mark.parametrize(
    ("where", "who"),
    [
        (place(Level.N1), [REPORTER, COLLEAGUE, N1, SUPERVISOR]),
        (place(Level.N2, Level.N1), [REPORTER, COLLEAGUE, N1, N2, SUPERVISOR]),
        (place(Level.N3, Level.N2), [REPORTER, COLLEAGUE, N1, N2, N3, SUPERVISOR]),
        (place(Level.N2, Level.N3), [REPORTER, COLLEAGUE, N1, N2, N3, SUPERVISOR]),
        (place(Level.N1, Level.N2), [REPORTER, COLLEAGUE, N1, N2, SUPERVISOR]),
    ],
)
def test_a_ticket_is_seen_by_its_people_and_the_levels_that_it_was_before(where: Place, who: list[Actor]) -> None:
    everybody = [REPORTER, COLLEAGUE, STRANGER, N1, N2, N3, SUPERVISOR]
    assert [actor for actor in everybody if may_see(actor, where) is None] == who


@pytest.mark.parametrize(
    ("level", "who"),
    [(Level.N1, [N1, N2, N3, SUPERVISOR]), (Level.N2, [N2, N3, SUPERVISOR]), (Level.N3, [N2, N3, SUPERVISOR])],
)
def test_internal_notes_are_read_by_levels_and_never_by_reporters(level: Level, who: list[Actor]) -> None:
    everybody = [REPORTER, COLLEAGUE, STRANGER, N1, N2, N3, SUPERVISOR]
    assert [actor for actor in everybody if may_read_notes(actor, level) is None] == who


@pytest.mark.parametrize(("level", "agent"), [(Level.N1, N1), (Level.N2, N2), (Level.N3, N3)])
def test_a_ticket_is_worked_on_by_the_level_that_it_is_before_and_by_supervisors(level: Level, agent: Actor) -> None:
    where = place(level)
    everybody = [REPORTER, COLLEAGUE, STRANGER, N1, N2, N3, SUPERVISOR]
    assert [actor for actor in everybody if may_work(actor, where) is None] == [agent, SUPERVISOR]
    assert said(may_work(agent, replace(where, status=Status.CLOSED))) == "it is closed: reopen it first"
    assert said(may_work(agent, replace(where, status=Status.MERGED))) == "it is merged"


def test_every_agent_who_sees_a_ticket_writes_notes_on_it() -> None:
    where = place(Level.N2, Level.N1)
    assert [actor for actor in (REPORTER, STRANGER, N1, N2, N3, SUPERVISOR) if may_note(actor, where) is None] == [
        N1,
        N2,
        SUPERVISOR,
    ]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_severity_is_for_the_kinds_that_carry_one(kind: Kind) -> None:
    assert (may_set_severity(N1, place(kind=kind), USUAL_CONTRACT) is None) == (kind is Kind.CORRECTIVE)


@pytest.mark.parametrize(
    ("where", "kind", "allowed"),
    [
        (place(Level.N2), Kind.EVOLUTIVE, True),
        (place(Level.N3), Kind.CORRECTIVE, True),
        (place(Level.N3), Kind.EVOLUTIVE, False),
        (place(Level.N2), Kind.PREVENTIVE, False),
        (place(Level.N2, kind=Kind.PREVENTIVE), Kind.CORRECTIVE, False),
    ],
)
def test_the_kind_of_work_is_changed_within_its_limits(where: Place, kind: Kind, allowed: bool) -> None:
    assert (may_set_kind(SUPERVISOR, where, kind) is None) == allowed


@pytest.mark.parametrize(
    ("actor", "before", "after", "allowed"),
    [
        (N1, Status.NEW, Status.OPEN, True),
        (N1, Status.OPEN, Status.PENDING, True),
        (N1, Status.PENDING, Status.RESOLVED, True),
        (N1, Status.RESOLVED, Status.OPEN, True),
        (N1, Status.CLOSED, Status.OPEN, True),
        (N1, Status.CLOSED, Status.PENDING, False),
        (N1, Status.OPEN, Status.OPEN, False),
        (N1, Status.OPEN, Status.NEW, False),
        (N1, Status.OPEN, Status.MERGED, False),
        (N1, Status.MERGED, Status.OPEN, False),
        (N2, Status.OPEN, Status.RESOLVED, False),
        (REPORTER, Status.RESOLVED, Status.OPEN, True),  # "not solved"
        (REPORTER, Status.RESOLVED, Status.CLOSED, True),  # "it works"
        (REPORTER, Status.OPEN, Status.RESOLVED, True),
        (REPORTER, Status.PENDING, Status.OPEN, False),
        (REPORTER, Status.OPEN, Status.PENDING, False),
        (COLLEAGUE, Status.RESOLVED, Status.CLOSED, False),
        (STRANGER, Status.RESOLVED, Status.OPEN, False),
    ],
)
def test_a_status_is_moved_by_agents_and_at_its_end_by_the_reporter(
    actor: Actor, before: Status, after: Status, allowed: bool
) -> None:
    assert (may_set_status(actor, place(Level.N1, status=before), after) is None) == allowed


def test_a_ticket_is_given_to_an_agent_of_its_level() -> None:
    assert may_assign(N2, place(Level.N2), frozenset({Role.N2})) is None
    assert said(may_assign(N2, place(Level.N2), frozenset({Role.N1}))) == "whoever has it must be an agent of N2"
    assert may_assign(N1, place(Level.N2), frozenset({Role.N2})) is not None
