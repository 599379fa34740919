"""What an act becomes; and over random acts of anybody, nothing gets before N3 but by N2."""

from dataclasses import replace
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
    may_see,
)
from gateway.domain.ticket import Kind, Level, Role, Severity, Status
from gateway.errors import NotFound
from tests.support.places import N1, N2, NOW, REPORTER, STRANGER, place


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
