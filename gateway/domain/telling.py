"""Who is told of what, and how: the whole policy in one table.

What happened, what somebody is to the ticket, and what they wish decide whether they are told at once, in a digest, or
not at all. Whoever tells anybody anything asks here; nobody is ever told of what they did themselves.
"""

from collections.abc import Collection
from enum import StrEnum


class Happening(StrEnum):
    """What somebody may be told of."""

    RECEIVED = "received"  # what they wrote has become a ticket
    ANSWER = "answer"  # somebody wrote to them
    CHANGE = "change"  # level, severity, kind of work, taken in hand, a workaround
    WAITING = "waiting"  # work goes on when they answer
    REMINDER = "reminder"  # they have not answered yet
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    STEP = "step"  # a step of a procedure, as of an advisory
    ADDED = "added"  # they were put onto the ticket
    REMOVED = "removed"  # they were taken off it
    NEW = "new"  # a ticket has come before their level
    REPLY = "reply"  # the reporter, or somebody on the ticket, wrote or called
    HANDED = "handed"  # a level handed the ticket to theirs
    ASSIGNED = "assigned"  # somebody gave it to them
    UNDELIVERED = "undelivered"  # a mail of the ticket did not arrive
    CLOCK = "clock"  # a guaranteed time comes close or is past


class Audience(StrEnum):
    """What somebody is to a ticket."""

    REPORTER = "reporter"
    JOINT_REPORTER = "joint reporter"  # of a ticket that was merged into this one
    PARTICIPANT = "participant"  # put onto it by an agent, or one of the customer's contacts
    ASSIGNEE = "assignee"
    TEAM = "team"  # an agent of the level that it is before


class Preference(StrEnum):
    """What a person wishes of the notices that they may choose about."""

    IMMEDIATE = "immediate"
    DIGEST = "digest"
    NONE = "none"


class Manner(StrEnum):
    """How somebody is told."""

    AT_ONCE = "at once"
    DIGEST = "digest"
    NOT = "not"


_Row = tuple[Manner, Manner, Manner]
_ALWAYS: _Row = (Manner.AT_ONCE, Manner.AT_ONCE, Manner.AT_ONCE)
# A mail to a reporter is about one request, so there is nothing to gather: who wishes for fewer is told of mere changes
# by the status page and by the next answer.
_FOR_WHO_WANTS_ALL: _Row = (Manner.AT_ONCE, Manner.NOT, Manner.NOT)
_UNLESS_NONE: _Row = (Manner.AT_ONCE, Manner.AT_ONCE, Manner.NOT)
_AS_WISHED: _Row = (Manner.AT_ONCE, Manner.DIGEST, Manner.NOT)
_TABLE: dict[tuple[Happening, Audience], _Row] = {
    (Happening.RECEIVED, Audience.REPORTER): _ALWAYS,
    (Happening.ANSWER, Audience.REPORTER): _ALWAYS,
    (Happening.CHANGE, Audience.REPORTER): _FOR_WHO_WANTS_ALL,
    (Happening.WAITING, Audience.REPORTER): _ALWAYS,
    (Happening.REMINDER, Audience.REPORTER): _ALWAYS,
    (Happening.RESOLVED, Audience.REPORTER): _ALWAYS,
    (Happening.REOPENED, Audience.REPORTER): _ALWAYS,
    (Happening.CLOSED, Audience.REPORTER): _ALWAYS,
    (Happening.STEP, Audience.REPORTER): _ALWAYS,
    # As the reporter; a reminder goes to the one whom we wait for.
    (Happening.ANSWER, Audience.JOINT_REPORTER): _ALWAYS,
    (Happening.CHANGE, Audience.JOINT_REPORTER): _FOR_WHO_WANTS_ALL,
    (Happening.WAITING, Audience.JOINT_REPORTER): _ALWAYS,
    (Happening.RESOLVED, Audience.JOINT_REPORTER): _ALWAYS,
    (Happening.REOPENED, Audience.JOINT_REPORTER): _ALWAYS,
    (Happening.CLOSED, Audience.JOINT_REPORTER): _ALWAYS,
    (Happening.STEP, Audience.JOINT_REPORTER): _ALWAYS,
    (Happening.STEP, Audience.PARTICIPANT): _UNLESS_NONE,
    (Happening.ADDED, Audience.PARTICIPANT): _ALWAYS,
    (Happening.REMOVED, Audience.PARTICIPANT): _ALWAYS,
    (Happening.NEW, Audience.TEAM): _AS_WISHED,
    (Happening.REPLY, Audience.ASSIGNEE): _AS_WISHED,
    (Happening.REPLY, Audience.TEAM): _AS_WISHED,
    (Happening.REOPENED, Audience.ASSIGNEE): _AS_WISHED,
    (Happening.REOPENED, Audience.TEAM): _AS_WISHED,
    (Happening.HANDED, Audience.TEAM): _AS_WISHED,
    (Happening.ASSIGNED, Audience.ASSIGNEE): _AS_WISHED,
    (Happening.UNDELIVERED, Audience.ASSIGNEE): _AS_WISHED,
    (Happening.UNDELIVERED, Audience.TEAM): _AS_WISHED,
    (Happening.CLOCK, Audience.ASSIGNEE): _ALWAYS,
    (Happening.CLOCK, Audience.TEAM): _ALWAYS,
}


def manner_of(happening: Happening, audience: Audience, preference: Preference) -> Manner:
    """How somebody is told of something; what is not in the table is not told."""
    row = _TABLE.get((happening, audience))
    return Manner.NOT if row is None else row[tuple(Preference).index(preference)]


def agents_concerned(
    happening: Happening, *, assignee: int | None, team: Collection[int]
) -> tuple[Audience, frozenset[int]]:
    """Which agents something concerns, by their ids, and as what.

    - what is given to somebody: that person
    - what comes new before a level, or is handed to it: its team
    - everything else: who has the ticket, or the team where nobody has it
    """
    of_the_team = Audience.TEAM, frozenset(team)
    if happening in {Happening.NEW, Happening.HANDED}:
        return of_the_team
    if assignee is not None:
        return Audience.ASSIGNEE, frozenset({assignee})
    return (Audience.ASSIGNEE, frozenset()) if happening is Happening.ASSIGNED else of_the_team
