"""Where an item enters and which way tickets are handed: over all roles, channels, kinds and levels."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.levels import Identity, entrance, handing_fault
from gateway.domain.saying import say_all
from gateway.domain.ticket import Channel, Kind, Level, Role
from tests.support.reasons import said

ROLE_SETS = [frozenset(roles) for size in range(len(Role) + 1) for roles in combinations(Role, size)]
roles_sets = st.sampled_from(ROLE_SETS)
levels = st.sampled_from(Level)


@pytest.mark.parametrize(
    ("roles", "channel", "wanted", "level", "words"),
    [
        ({Role.REPORTER}, Channel.SMTP, None, Level.N1, "requests enter at N1"),
        (set(), Channel.WEB, None, Level.N1, "requests enter at N1"),
        ({Role.N1}, Channel.SMTP, None, Level.N2, "a report by the N1 team is before N2"),
        ({Role.N1}, Channel.WEB, Level.N2, Level.N2, "a report by the N1 team is before N2"),
        ({Role.N1}, Channel.WEB, Level.N1, Level.N1, "requests enter at N1"),
        ({Role.N1}, Channel.SMTP, Level.N3, Level.N2, "N3 was asked for, but only N2 may put anything before N3"),
        ({Role.N1}, Channel.PHONE, None, Level.N1, "by telephone N2 takes only incidents that are already on"),
        ({Role.N2}, Channel.SMTP, None, Level.N2, "a report by N2 is before N2"),
        ({Role.N2}, Channel.SMTP, Level.N3, Level.N3, "a software anomaly that N2 reports is before N3"),
        ({Role.N2}, Channel.PHONE, Level.N3, Level.N1, "N3 takes no new item by telephone"),
        ({Role.N3}, Channel.SMTP, Level.N3, Level.N1, "only N2 may put anything before N3"),
        ({Role.SUPERVISOR}, Channel.WEB, Level.N3, Level.N1, "only N2 may put anything before N3"),
        ({Role.REPORTER}, Channel.SMTP, Level.N2, Level.N1, "N2 was asked for, but only the N1 team writes to N2"),
        ({Role.REPORTER}, Channel.SMTP, Level.N3, Level.N1, "N3 was asked for, but only N2 may put anything before N3"),
    ],
)
def test_an_item_enters_at_the_level_that_its_sender_may_reach(
    roles: set[Role], channel: Channel, wanted: Level | None, level: Level, words: str
) -> None:
    found = entrance(frozenset(roles), channel=channel, wanted=wanted, identity=Identity.PROVEN)
    assert found.level is level
    assert words in say_all(found.whys)


def test_a_forged_sender_has_no_role() -> None:
    for roles in ROLE_SETS:
        for wanted in (None, *Level):
            found = entrance(roles, channel=Channel.SMTP, wanted=wanted, identity=Identity.REFUTED)
            assert found.level is Level.N1
            assert not roles or "not who the mail says" in say_all(found.whys)


def test_the_n1_team_is_believed_until_refuted_but_n3_wants_proof() -> None:
    unknown = entrance(frozenset({Role.N1}), channel=Channel.SMTP, identity=Identity.UNKNOWN)
    assert unknown.level is Level.N2
    doubtful = entrance(frozenset({Role.N2}), channel=Channel.SMTP, wanted=Level.N3, identity=Identity.UNKNOWN)
    assert (doubtful.level, "nothing proves that N2 wrote it" in say_all(doubtful.whys)) == (Level.N2, True)


@given(
    roles_sets,
    st.sampled_from(Channel),
    st.none() | st.sampled_from(Kind),
    st.none() | levels,
    st.sampled_from(Identity),
)
def test_nothing_enters_before_n3_but_an_anomaly_that_n2_reports(
    roles: frozenset[Role], channel: Channel, kind: Kind | None, wanted: Level | None, identity: Identity
) -> None:
    found = entrance(roles, channel=channel, kind=kind, wanted=wanted, identity=identity)
    assert found.whys
    if found.level is Level.N3:
        assert Role.N2 in roles
        assert identity is Identity.PROVEN
        assert wanted is Level.N3
        assert found.kind is Kind.CORRECTIVE
    if found.level is Level.N2:
        assert roles & {Role.N1, Role.N2}
        assert identity is not Identity.REFUTED
        assert channel is not Channel.PHONE
    if kind is not None:
        assert found.kind is kind, "nobody's word about the kind of work is changed"


@pytest.mark.parametrize(
    ("role", "from_level", "to_level", "reason", "fault"),
    [
        (Role.N1, Level.N1, Level.N2, "", None),
        (Role.SUPERVISOR, Level.N1, Level.N2, "", None),
        (Role.N2, Level.N1, Level.N2, "", "only N1 or a supervisor hands over what is before N1"),
        (Role.N2, Level.N2, Level.N3, "", None),
        (Role.N1, Level.N2, Level.N3, "", "only N2 may put anything before N3"),
        (Role.N3, Level.N2, Level.N3, "", "only N2 may put anything before N3"),
        (Role.SUPERVISOR, Level.N2, Level.N3, "", "only N2 may put anything before N3"),
        (Role.N1, Level.N1, Level.N3, "", "from N1 it goes to N2 first, not to N3 at once"),
        (Role.N3, Level.N3, Level.N1, "done", "from N3 it goes to N2 first, not to N1 at once"),
        (Role.N3, Level.N3, Level.N2, "cannot be reproduced", None),
        (Role.N3, Level.N3, Level.N2, " ", "handing back to N2 needs a reason"),
        (Role.N2, Level.N2, Level.N1, "not ours", None),
        (Role.N2, Level.N2, Level.N1, "", "handing back to N1 needs a reason"),
        (Role.N1, Level.N2, Level.N1, "ours", "only N2 or a supervisor hands over what is before N2"),
        (Role.REPORTER, Level.N1, Level.N2, "hurry", "only N1 or a supervisor hands over what is before N1"),
        (Role.N2, Level.N2, Level.N2, "", "it is already before N2"),
    ],
)
def test_tickets_are_handed_by_one_step_by_those_who_have_them(
    role: Role, from_level: Level, to_level: Level, reason: str, fault: str | None
) -> None:
    found = handing_fault(from_level, to_level, kind=Kind.CORRECTIVE, roles=frozenset({role}), reason=reason)
    assert said(found) == fault


@given(levels, levels, st.sampled_from(Kind), roles_sets, st.sampled_from(["", "a reason"]))
def test_only_an_n2_agent_hands_to_n3_and_only_an_anomaly(
    from_level: Level, to_level: Level, kind: Kind, roles: frozenset[Role], reason: str
) -> None:
    allowed = handing_fault(from_level, to_level, kind=kind, roles=roles, reason=reason) is None
    if to_level is Level.N3:
        assert allowed == (from_level is Level.N2 and Role.N2 in roles and kind is Kind.CORRECTIVE)
    if allowed and to_level < from_level:
        assert reason
