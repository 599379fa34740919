"""Who merges, splits and links tickets, and says who is on one; and nothing comes before N3 that way but by N2."""

from dataclasses import replace
from itertools import product

import pytest

from gateway.domain.arranging import may_change_people, may_link, may_merge, may_split, split_off
from gateway.domain.reasons import Reason
from gateway.domain.rights import Actor, Place
from gateway.domain.ticket import Kind, Level, Role, Status
from tests.support.reasons import said

N1, N2, N3, SUPERVISOR = (Actor(roles=frozenset({role})) for role in (Role.N1, Role.N2, Role.N3, Role.SUPERVISOR))
REPORTER = Actor(roles=frozenset({Role.REPORTER}), is_reporter=True)
STRANGER = Actor(roles=frozenset())
EVERYBODY = [REPORTER, STRANGER, N1, N2, N3, SUPERVISOR]


def place(level: Level = Level.N1, *, status: Status = Status.OPEN, kind: Kind = Kind.CORRECTIVE) -> Place:
    return Place(kind=kind, severity=None, status=status, level=level, been=frozenset({level}))


@pytest.mark.parametrize(
    ("level", "who"), [(Level.N1, [N1, SUPERVISOR]), (Level.N2, [N2, SUPERVISOR]), (Level.N3, [N3, SUPERVISOR])]
)
def test_tickets_before_a_level_are_merged_and_split_by_it_and_by_supervisors(level: Level, who: list[Actor]) -> None:
    here = place(level)
    assert [actor for actor in EVERYBODY if may_merge(actor, here, here, reason="") is None] == who
    assert [actor for actor in EVERYBODY if may_split(actor, here) is None] == who


@pytest.mark.parametrize(
    ("here", "into", "actor", "words"),
    [
        (place(status=Status.MERGED), place(), N1, "merged already"),
        (place(), place(status=Status.RESOLVED), N1, "the other one is resolved: reopen it first"),
        (place(), place(status=Status.MERGED), N1, "the other one is merged"),
        (place(Level.N2, kind=Kind.PREVENTIVE), place(Level.N2), N2, "preventive work"),
        (place(Level.N2), place(Level.N2, kind=Kind.PREVENTIVE), N2, "preventive work"),
        (place(Level.N2), place(Level.N3, kind=Kind.CORRECTIVE), SUPERVISOR, "only N2 may put anything before N3"),
        (place(Level.N2, kind=Kind.ASSISTANCE), place(Level.N3), N2, "only software anomalies"),
        (place(Level.N1), place(Level.N3), N1, "it goes to N2 first"),
        (place(Level.N2), place(Level.N1), N2, "needs a reason"),
    ],
)
def test_what_is_not_merged_is_refused_with_the_reason(here: Place, into: Place, actor: Actor, words: str) -> None:
    fault = may_merge(actor, here, into, reason="")
    assert fault is not None
    assert words in str(said(fault))


def test_a_ticket_at_its_end_is_merged_into_one_that_is_worked_on() -> None:
    assert may_merge(N1, place(status=Status.CLOSED), place(), reason="") is None


def test_n2_merges_a_software_anomaly_into_one_before_n3_and_back_with_a_reason() -> None:
    assert may_merge(N2, place(Level.N2), place(Level.N3), reason="") is None
    assert may_merge(N2, place(Level.N2), place(Level.N1), reason="a duplicate") is None


def test_over_all_places_nobody_but_n2_brings_anything_before_n3() -> None:
    for actor, level, kind, status in product(EVERYBODY, Level, Kind, Status):
        here = place(level, kind=kind, status=status)
        if may_merge(actor, here, place(Level.N3), reason="because") is None:
            assert level is Level.N3 or (Role.N2 in actor.roles and kind is Kind.CORRECTIVE)
        assert split_off(here)[0] is not Level.N3


def test_what_is_split_off_stays_the_work_that_it_was_but_for_preventive_work() -> None:
    assert split_off(place(Level.N3)) == (Level.N2, Kind.CORRECTIVE)
    assert split_off(place(Level.N1, kind=Kind.EVOLUTIVE)) == (Level.N1, Kind.EVOLUTIVE)
    assert split_off(place(Level.N2, kind=Kind.PREVENTIVE)) == (Level.N2, Kind.ASSISTANCE)


def test_a_merged_ticket_is_left_alone() -> None:
    merged = place(status=Status.MERGED)
    assert may_split(SUPERVISOR, merged) == may_change_people(SUPERVISOR, merged) == Reason.IS_MERGED()


def test_every_agent_links_tickets_and_agents_and_reporters_say_who_is_on_one() -> None:
    assert [actor for actor in EVERYBODY if may_link(actor) is None] == [N1, N2, N3, SUPERVISOR]
    assert [actor for actor in EVERYBODY if may_change_people(actor, place()) is None] == [
        REPORTER,
        N1,
        N2,
        N3,
        SUPERVISOR,
    ]
    assert may_change_people(replace(REPORTER, is_reporter=False), place()) is not None
