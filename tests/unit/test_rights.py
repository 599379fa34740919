"""Who sees and does what; and over random acts of anybody, nothing gets before N3 but by N2."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.change import Change, Doer, NotAllowed, plan_change
from gateway.domain.contract import USUAL_CONTRACT
from gateway.domain.events import EventType, TicketEvent
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
from gateway.domain.ticket import Kind, Level, Role, Severity, Status
from gateway.errors import NotFound

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
N1, N2, N3, SUPERVISOR = (Actor(roles=frozenset({role})) for role in (Role.N1, Role.N2, Role.N3, Role.SUPERVISOR))
STRANGER = Actor(roles=frozenset({Role.REPORTER}))
REPORTER = replace(STRANGER, is_reporter=True)
COLLEAGUE = replace(STRANGER, is_colleague=True)


def place(level: Level = Level.N1, *been: Level, status: Status = Status.OPEN, kind: Kind = Kind.CORRECTIVE) -> Place:
    return Place(kind=kind, severity=None, status=status, level=level, been=frozenset({level, *been}))


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
    assert may_work(agent, replace(where, status=Status.CLOSED)) == "it is closed: reopen it first"
    assert may_work(agent, replace(where, status=Status.MERGED)) == "it is merged"


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
    assert may_assign(N2, place(Level.N2), frozenset({Role.N1})) == "whoever has it must be an agent of N2"
    assert may_assign(N1, place(Level.N2), frozenset({Role.N2})) is not None


# Acts: what a change becomes, and what it may not.


def act(
    change: Change, where: Place, actor: Actor, *, assignee: str = "", email: str = "ana@support.example"
) -> list[TicketEvent]:
    doer = Doer(email=email, actor=actor, at=NOW)
    return list(
        plan_change(
            change, place=where, assignee=assignee, doer=doer, contract=USUAL_CONTRACT, assignee_roles=actor.roles
        )
    )


def told(events: list[TicketEvent]) -> list[tuple[str, str]]:
    return [(event.type.value, event.value) for event in events]


@pytest.mark.parametrize(
    ("change", "where", "events"),
    [
        (Change(reply="Have you tried?"), place(Level.N2, status=Status.NEW), [("answered", ""), ("status", "open")]),
        (
            Change(reply="Which page?", status=Status.PENDING),
            place(Level.N2, status=Status.NEW),
            [("answered", ""), ("status", "pending")],
        ),
        (
            Change(assignee="ana@support.example"),
            place(Level.N2, status=Status.NEW),
            [("assigned", "ana@support.example"), ("status", "open")],
        ),
        (
            Change(assignee="luc@support.example"),
            place(Level.N2, status=Status.NEW),
            [("assigned", "luc@support.example")],
        ),
        (Change(workaround="Use the other one."), place(Level.N2), [("workaround", "")]),
        (Change(note="Looks like the cache."), place(Level.N2), []),
        (
            Change(severity=Severity.MAJOR),
            place(Level.N2, kind=Kind.ASSISTANCE),
            [("kind", "corrective"), ("severity", "major")],
        ),
        (
            Change(kind=Kind.EVOLUTIVE),
            replace(place(Level.N2), severity=Severity.MAJOR),
            [("kind", "evolutive"), ("severity", "")],
        ),
        (Change(kind=Kind.ADAPTIVE, details=(("component", "browser"),)), place(Level.N2), [("kind", "adaptive")]),
        (
            Change(status=Status.OPEN, reply="Sorry."),
            place(Level.N2, status=Status.CLOSED),
            [("status", "open"), ("answered", "")],
        ),
        (Change(reply="Done.", status=Status.RESOLVED), place(Level.N2), [("answered", ""), ("status", "resolved")]),
        (
            Change(kind=Kind.CORRECTIVE, level=Level.N3),
            place(Level.N2, kind=Kind.ASSISTANCE),
            [("kind", "corrective"), ("level", "N3")],
        ),
        (Change(level=Level.N1, reason="not ours"), place(Level.N2), [("level", "N1")]),
        (Change(level=Level.N1, note="not ours"), place(Level.N2), [("level", "N1")]),
        (
            Change(severity=Severity.MINOR, status=Status.OPEN, note="same"),
            replace(place(Level.N2), severity=Severity.MINOR),
            [],
        ),
    ],
)
def test_an_act_becomes_events_in_the_order_in_which_they_make_sense(
    change: Change, where: Place, events: list[tuple[str, str]]
) -> None:
    assert told(act(change, where, N2)) == events


def test_the_next_level_takes_a_ticket_in_hand_itself() -> None:
    handed = act(Change(level=Level.N3), place(Level.N2), N2, assignee="ana@support.example")
    assert told(handed) == [("level", "N3"), ("assigned", "")]
    assert handed[0].reason == "this level could not answer"


@pytest.mark.parametrize(
    ("change", "where", "actor", "words"),
    [
        (Change(level=Level.N3), place(Level.N2), N1, "only N2 may put anything before N3"),
        (Change(level=Level.N3), place(Level.N2, kind=Kind.ASSISTANCE), N2, "only software anomalies"),
        (Change(level=Level.N1), place(Level.N2), N2, "handing back to N1 needs a reason"),
        (Change(level=Level.N3, kind=Kind.EVOLUTIVE), place(Level.N2), N2, "only software anomalies"),
        (Change(level=Level.N2, status=Status.RESOLVED), place(Level.N1), N1, "it is resolved"),
        (Change(reply="Done."), place(Level.N2, status=Status.CLOSED), N2, "reopen it first"),
        (Change(severity=Severity.MAJOR), place(Level.N2, kind=Kind.EVOLUTIVE), N2, "carries no severity"),
        (Change(kind=Kind.ADAPTIVE, details=(("component", "toaster"),)), place(Level.N2), N2, "component must be"),
        (Change(kind=Kind.EVOLUTIVE, details=(("source", "x"),)), place(Level.N2), N2, "evolutive work has no source"),
        (Change(), place(Level.N2), N2, "nothing would change"),
        (Change(status=Status.OPEN, note=" "), place(Level.N2), N2, "nothing would change"),
        (Change(note="x"), place(Level.N2), REPORTER, "only agents write internal notes"),
        (Change(note="x"), place(Level.N1), N2, "never before a level of theirs"),
        (
            Change(severity=Severity.MAJOR),
            place(Level.N2, kind=Kind.ASSISTANCE),
            N1,
            "only N2 or a supervisor works on it",
        ),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_reason(change: Change, where: Place, actor: Actor, words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        act(change, where, actor)


def test_for_a_stranger_there_is_no_ticket() -> None:
    with pytest.raises(NotFound):
        act(Change(note="x"), place(Level.N1), STRANGER)


def test_one_fault_of_an_act_is_the_end_of_all_of_it_and_each_is_told() -> None:
    with pytest.raises(NotAllowed) as refusal:
        act(
            Change(status=Status.NEW, reply="Done.", level=Level.N2),
            place(Level.N1),
            N1,
        )
    assert "not set to new by hand" in str(refusal.value)
    with pytest.raises(NotAllowed) as refusal:
        act(Change(level=Level.N3, severity=Severity.MINOR), place(Level.N2), N1)
    assert str(refusal.value).count(";") == 1


ROLE_SETS = [frozenset(roles) for size in range(len(Role) + 1) for roles in combinations(Role, size)]
texts = st.sampled_from(["", "some words"])
changes = st.builds(
    Change,
    kind=st.none() | st.sampled_from(Kind),
    severity=st.none() | st.sampled_from(Severity),
    status=st.none() | st.sampled_from(Status),
    level=st.none() | st.sampled_from(Level),
    assignee=st.none() | st.sampled_from(["", "ana@support.example", "luc@support.example"]),
    reply=texts,
    workaround=texts,
    note=texts,
    reason=texts,
)
actors = st.builds(Actor, roles=st.sampled_from(ROLE_SETS), is_reporter=st.booleans(), is_colleague=st.booleans())


hands = st.builds(Change, level=st.sampled_from(Level), reason=st.just("some words"))


@given(
    st.lists(st.tuples(hands | changes, actors), max_size=15),
    st.sampled_from([Level.N1, Level.N2]),
    st.sampled_from(Kind),
)
def test_over_any_acts_of_anybody_only_n2_puts_only_anomalies_before_n3(
    acts: list[tuple[Change, Actor]], level: Level, kind: Kind
) -> None:
    where, assignee = place(level, kind=kind), ""
    for change, actor in acts:
        try:
            events = act(change, where, actor, assignee=assignee)
        except (NotAllowed, NotFound):
            continue
        assert may_see(actor, where) is None
        for event in events:
            if event.type is EventType.LEVEL and event.value == Level.N3:
                assert Role.N2 in actor.roles
                assert where.level is Level.N2
            if event.type in {EventType.KIND, EventType.SEVERITY, EventType.LEVEL, EventType.ANSWERED}:
                assert actor.is_agent
            where, assignee = after(where, assignee, event)
        if where.level is Level.N3:
            assert where.kind is Kind.CORRECTIVE
        assert where.severity is None or where.kind is Kind.CORRECTIVE


def after(where: Place, assignee: str, event: TicketEvent) -> tuple[Place, str]:
    match event.type:
        case EventType.KIND:
            return replace(where, kind=Kind(event.value)), assignee
        case EventType.SEVERITY:
            return replace(where, severity=Severity(event.value) if event.value else None), assignee
        case EventType.STATUS:
            return replace(where, status=Status(event.value)), assignee
        case EventType.LEVEL:
            return replace(where, level=Level(event.value), been=where.been | {Level(event.value)}), assignee
        case EventType.ASSIGNED:
            return where, event.value
    return where, assignee
