"""Who looks after whom: what a supervisor may do to people, by the projects that each of them is in.

A person's reach is every project of which they see anything: where they have a role, reported something, are on a
request, or belong to an organisation of its contract. Who they are, their sessions and their tokens are one thing for
all projects, so only whoever supervises their whole reach touches these.
"""

from gateway.domain.reasons import Reason, Why
from gateway.domain.ticket import Role

Keys = frozenset[str]
"""Keys of projects."""


def may_find(supervised: Keys, reach: Keys) -> bool:
    """Whether the person is somebody of theirs: in one of their projects."""
    return bool(supervised & reach)


def may_touch(supervised: Keys, reach: Keys) -> Why | None:
    """Whether name, language, number, sessions and tokens of the person are theirs to change, and to see.

    - the person is in no project that somebody else supervises
    """
    return None if reach and reach <= supervised else Reason.PERSON_ELSEWHERE()


def may_give(supervised: Keys, project: str, *, is_self: bool) -> Why | None:
    """Whether they may give a role.

    - in a project that they supervise
    - not to themselves: nobody widens their own rights
    """
    if project not in supervised:
        return Reason.ROLE_ELSEWHERE()
    return Reason.ROLE_OF_ONESELF() if is_self else None


def may_take(
    supervised: Keys, project: str, roles: frozenset[Role], *, configured: frozenset[Role], others: int
) -> Why | None:
    """Whether they may take these roles of somebody away, themselves included.

    - in a project that they supervise
    - not what the configuration gives: it is changed there
    - not the last supervisor; `others` is how many there are beside this person
    """
    if project not in supervised:
        return Reason.ROLE_ELSEWHERE()
    if configured & roles:
        return Reason.ROLE_CONFIGURED(project=project)
    if Role.SUPERVISOR in roles and others == 0:
        return Reason.LAST_SUPERVISOR(project=project)
    return None
