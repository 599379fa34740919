"""The people whom a supervisor looks after, as pages show them: a page of them at a time, or one with all theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from gateway.db.api_tokens import list_tokens_of, newest_token
from gateway.db.people_list import PeopleFilter, list_people, roles_of
from gateway.db.sign_in import Session
from gateway.domain.keeping import may_find, may_touch
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Role
from gateway.errors import NotFound
from gateway.runtime import Runtime
from gateway.services.keep_people import Kept, kept_person
from gateway.services.sessions import list_sessions
from gateway.services.set_factors import standing_of


@dataclass(frozen=True, kw_only=True)
class Line:
    """Somebody in the list: a row of `people`, and their roles in the projects that are looked at."""

    row: Row[Any]
    roles: Mapping[str, Sequence[Role]]


@dataclass(frozen=True, kw_only=True)
class PersonLook:
    """Somebody, as a supervisor of these projects sees them. What they may not touch is not shown: then `sessions` and
    `tokens` (rows of `api_tokens`) are empty and `may_touch` is False. `newest` is the number of the newest token,
    which a form that makes one knows; `has_factors` that they have set a password and an app up."""

    kept: Kept
    may_touch: bool
    sessions: Sequence[Session]
    tokens: Sequence[Row[Any]]
    newest: int = 0
    has_factors: bool = False


def find_people(
    runtime: Runtime,
    keys: frozenset[str],
    *,
    words: str,
    project: str | None,
    role: Role | None,
    limit: int,
    offset: int,
) -> list[Line]:
    """The people of these projects, by address; of one of them, with one role, where they are given."""
    projects = keys & {project} if project else keys
    asked = PeopleFilter(
        projects=projects, role=role, words=words, configured=_configured(runtime, projects, role=role)
    )
    with runtime.database.reading() as connection:
        rows = list_people(connection, asked, limit=limit, offset=offset)
        stored = roles_of(connection, [row.id for row in rows])
    return [Line(row=row, roles=_roles(runtime, keys, row.email, stored.get(row.id, {}))) for row in rows]


def unknown_people(runtime: Runtime, keys: frozenset[str]) -> list[str]:
    """Whom the configuration puts into these projects and whom nobody has met yet."""
    named = _configured(runtime, keys, role=None)
    with runtime.database.reading() as connection:
        known = _known(connection, named)
    return sorted(named - known)


def look_at_person(runtime: Runtime, person_id: int, keys: frozenset[str]) -> PersonLook:
    """The page of a person. Raises NotFound in the same way for nobody and for somebody of other projects alone."""
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        found = kept_person(connection, runtime, person_id)
        if not may_find(keys, found.reach):
            raise NotFound(Reason.NO_PERSON())
        if may_touch(keys, found.reach) is not None:
            return PersonLook(kept=found, may_touch=False, sessions=(), tokens=())
        tokens, newest = list_tokens_of(connection, person_id, now=now), newest_token(connection, person_id)
    sessions, factors = list_sessions(runtime, person_id), standing_of(runtime, person_id)
    return PersonLook(
        kept=found, may_touch=True, sessions=sessions, tokens=tokens, newest=newest, has_factors=factors.is_set_up
    )


def _roles(
    runtime: Runtime, keys: frozenset[str], email: str, stored: Mapping[str, Sequence[Role]]
) -> dict[str, list[Role]]:
    found = {}
    for project in runtime.settings.project_list:
        roles = {*stored.get(project.key, ()), *project.configured_roles(email)}
        if project.key in keys and roles:
            found[project.key] = [role for role in Role if role in roles]
    return found


def _configured(runtime: Runtime, keys: frozenset[str], *, role: Role | None) -> frozenset[str]:
    return frozenset(
        email
        for project in runtime.settings.project_list
        if project.key in keys
        for its_role, team in project.teams
        if role in {None, its_role}
        for email in team
    )


def _known(connection: Connection, emails: frozenset[str]) -> frozenset[str]:
    asked = PeopleFilter(projects=frozenset(), configured=emails)
    return frozenset(row.email for row in list_people(connection, asked, limit=len(emails), offset=0))
