"""Who is told of what, and how: every line of the policy."""

import pytest

from gateway.domain.telling import Audience, Happening, Manner, Preference, agents_concerned, manner_of

ALWAYS = ("at once", "at once", "at once")
AS_WISHED = ("at once", "digest", "not")
NEVER = ("not", "not", "not")


@pytest.mark.parametrize(
    ("happening", "audience", "by_preference"),
    [
        ("received", "reporter", ALWAYS),
        ("answer", "reporter", ALWAYS),
        ("waiting", "reporter", ALWAYS),
        ("reminder", "reporter", ALWAYS),
        ("resolved", "reporter", ALWAYS),
        ("reopened", "reporter", ALWAYS),
        ("closed", "reporter", ALWAYS),
        ("step", "reporter", ALWAYS),
        ("change", "reporter", ("at once", "not", "not")),
        ("answer", "joint reporter", ALWAYS),
        ("change", "joint reporter", ("at once", "not", "not")),
        ("resolved", "joint reporter", ALWAYS),
        ("closed", "joint reporter", ALWAYS),
        ("reminder", "joint reporter", NEVER),
        ("step", "participant", ("at once", "at once", "not")),
        ("added", "participant", ALWAYS),
        ("removed", "participant", ALWAYS),
        ("answer", "participant", NEVER),
        ("change", "participant", NEVER),
        ("new", "team", AS_WISHED),
        ("reply", "assignee", AS_WISHED),
        ("reply", "team", AS_WISHED),
        ("handed", "team", AS_WISHED),
        ("assigned", "assignee", AS_WISHED),
        ("undelivered", "assignee", AS_WISHED),
        ("undelivered", "team", AS_WISHED),
        ("reopened", "team", AS_WISHED),
        ("clock", "assignee", ALWAYS),
        ("clock", "team", ALWAYS),
        ("new", "reporter", NEVER),
    ],
)
def test_what_happened_who_somebody_is_and_what_they_wish_decide(
    happening: str, audience: str, by_preference: tuple[str, str, str]
) -> None:
    found = tuple(manner_of(Happening(happening), Audience(audience), wish) for wish in Preference)
    assert found == tuple(Manner(manner) for manner in by_preference)


@pytest.mark.parametrize(
    ("happening", "assignee", "audience", "people"),
    [
        (Happening.NEW, None, Audience.TEAM, {2, 3}),
        (Happening.NEW, 2, Audience.TEAM, {2, 3}),
        (Happening.HANDED, 2, Audience.TEAM, {2, 3}),
        (Happening.REPLY, None, Audience.TEAM, {2, 3}),
        (Happening.REPLY, 7, Audience.ASSIGNEE, {7}),
        (Happening.UNDELIVERED, 7, Audience.ASSIGNEE, {7}),
        (Happening.ASSIGNED, 7, Audience.ASSIGNEE, {7}),
        (Happening.ASSIGNED, None, Audience.ASSIGNEE, set()),
    ],
)
def test_who_has_the_ticket_is_told_or_else_its_team(
    happening: Happening, assignee: int | None, audience: Audience, people: set[int]
) -> None:
    assert agents_concerned(happening, assignee=assignee, team={2, 3}) == (audience, frozenset(people))
