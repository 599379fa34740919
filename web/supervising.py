"""The pages of supervisors: for everybody else there are none, and they read like pages that do not exist."""

from gateway.errors import NotFound
from gateway.services.desk_scope import supervised
from web.desk import desk_roles


def supervised_keys() -> frozenset[str]:
    """The projects that the visitor supervises. Raises NotFound for whoever supervises none."""
    keys = supervised(desk_roles())
    if not keys:
        raise NotFound("this person supervises no project")
    return keys
