"""The ways of signing in, and which of them open the desk."""

from collections.abc import Collection
from enum import StrEnum


class Way(StrEnum):
    """How somebody showed who they are."""

    LINK = "link"  # a link mailed to them
    PASSWORD = "password"  # noqa: S105  # a way's name: a password and a code of their app
    OIDC = "oidc"  # the organisation's own sign-in
    OPERATOR = "operator"  # a link that the operator made in the shell and handed over


def opens_desk(way: Way, allowed: Collection[Way]) -> bool:
    """True where somebody who signed in this way may work at the desk, if their roles let them.

    - a way that the operator allows staff
    - a link from the operator's own shell, always
    """
    return way is Way.OPERATOR or way in allowed
