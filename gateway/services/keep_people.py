"""Looking after people: they are added, changed, given roles and taken out of projects, from shell and desk alike.

`by` is the supervisor who does it, who may do what `domain.keeping` says; None is the operator's shell, which may
everything. Each of these is one transaction with its record in the audit log, and doing it twice changes nothing more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from gateway.db.memberships import forget_phone, remove_roles
from gateway.db.people import (
    Person,
    add_membership,
    find_person,
    find_person_by_id,
    get_or_create_person,
    update_person,
)
from gateway.db.people_list import lock_person, lock_supervisors, reach_of
from gateway.domain.audit import AuditAction
from gateway.domain.keeping import may_find, may_give, may_take, may_touch
from gateway.domain.project import Project
from gateway.domain.reasons import Reason, Why
from gateway.domain.telling import Preference
from gateway.domain.ticket import STAFF, Language, Role
from gateway.errors import Conflict, NotFound, Refused
from gateway.mail.address import domain_of, is_address, normalise_address
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.desk_scope import supervised
from gateway.services.roles import roles_by_project

_PHONE = re.compile(r"\+[0-9]{7,15}")
MAX_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person is to be; None leaves it. An empty `phone` forgets the number."""

    name: str | None = None
    lang: Language | None = None
    phone: str | None = None
    notices: Preference | None = None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A person with where they are: roles by project, by the database and by the configuration, and their whole reach.

    `version` is what a form made from this knows.
    """

    person: Person
    roles: Mapping[str, frozenset[Role]]
    configured: Mapping[str, frozenset[Role]]
    reach: frozenset[str]

    @property
    def works(self) -> bool:
        """True for somebody who works for any project."""
        return any(roles & STAFF for roles in (*self.roles.values(), *self.configured.values()))

    @property
    def version(self) -> str:
        """Other for every state of the person."""
        one = self.person
        roles = [(key, sorted(self.roles[key])) for key in sorted(self.roles)]
        return sha256(repr((one.email, one.name, one.lang, one.phone, one.notices, roles)).encode()).hexdigest()[:16]


def add_person(
    runtime: Runtime, *, email: str, role: Role, project: str, wanted: Wanted, by: Person | None = None
) -> Person:
    """Give a role to the person with this address, who is made if nobody has it, and set what is `wanted`.

    Of somebody whom `by` may not touch nothing is set but the role. Raises Refused, NotFound.
    """
    address, now = normalise_address(email), runtime.clock.now()
    if not is_address(address):
        raise Refused(Reason.NO_ADDRESS(address=email))
    _require_phone(wanted.phone)
    _project(runtime, project)
    with runtime.database.transaction() as connection:
        keys = _keys(connection, runtime, by)
        if keys is not None and by is not None:
            _refuse(may_give(keys, project, is_self=by.email == address))
        known = find_person(connection, email=address)
        person = known or get_or_create_person(connection, email=address, name=(wanted.name or "")[:MAX_NAME], now=now)
        lock_person(connection, person.id)
        if known is None:
            _note(connection, runtime, AuditAction.PERSON_ADDED, person, by, project=project)
        found = kept_person(connection, runtime, person.id)
        if known is None or keys is None or may_touch(keys, found.reach) is None:
            _set(connection, runtime, person, wanted, by, is_new=known is None)
        if role not in found.roles.get(project, frozenset()):
            add_membership(connection, person_id=person.id, project=project, role=role)
            _note(connection, runtime, AuditAction.ROLE_GIVEN, person, by, project=project, role=role.value)
    return person


def change_person(
    runtime: Runtime, *, person_id: int, wanted: Wanted, by: Person | None = None, version: str | None = None
) -> None:
    """Set what is `wanted`. Raises Conflict where the person is not as `version` says, Refused, NotFound."""
    _require_phone(wanted.phone)
    with runtime.database.transaction() as connection:
        lock_person(connection, person_id)
        found = _found(connection, runtime, person_id, by)
        _refuse(_touching(connection, runtime, found, by))
        if _is_so(found.person, wanted):
            return
        if version is not None and version != found.version:
            raise Conflict(Reason.PERSON_CHANGED())
        _set(connection, runtime, found.person, wanted, by)


def take_roles(
    runtime: Runtime, *, person_id: int, project: str, roles: frozenset[Role], by: Person | None = None
) -> None:
    """Take these roles in a project away; who they are and what they wrote stays. Raises Refused, NotFound."""
    known = _project(runtime, project)
    with runtime.database.transaction() as connection:
        lock_person(connection, person_id)
        found = _found(connection, runtime, person_id, by)
        supervisors = lock_supervisors(connection, project) | _configured_supervisors(known)
        keys = _keys(connection, runtime, by)
        configured = known.configured_roles(found.person.email)
        gone = found.roles.get(project, frozenset()) & roles
        if keys is not None:
            others = len(supervisors - {found.person.email})
            _refuse(may_take(keys, project, gone, configured=configured & roles, others=others))
        elif configured & roles:
            raise Refused(Reason.ROLE_CONFIGURED(project=project))
        if not gone:
            raise NotFound(Reason.ROLE_NOT_THEIRS(project=project))
        remove_roles(connection, person_id, project=project, roles=gone)
        for role in sorted(gone):
            _note(connection, runtime, AuditAction.ROLE_TAKEN, found.person, by, project=project, role=role.value)


def kept_person(connection: Connection, runtime: Runtime, person_id: int) -> Kept:
    """The person with where they are. Raises NotFound."""
    person = find_person_by_id(connection, person_id)
    if person is None:
        raise NotFound(Reason.NO_PERSON())
    reach = reach_of(connection, person_id)
    configured = {
        project.key: named
        for project in runtime.settings.project_list
        if (named := project.configured_roles(person.email))
    }
    return Kept(
        person=person,
        roles=reach.roles,
        configured=configured,
        reach=frozenset({*reach.roles, *configured, *reach.written, *_of_organisation(runtime, person.email)}),
    )


def require_touch(connection: Connection, runtime: Runtime, person_id: int, by: Person) -> Kept:
    """The person, where their sessions and tokens are for this supervisor. Raises NotFound, Refused."""
    found = _found(connection, runtime, person_id, by)
    _refuse(_touching(connection, runtime, found, by))
    return found


def _found(connection: Connection, runtime: Runtime, person_id: int, by: Person | None) -> Kept:
    """The person. For a supervisor nobody but the people of their projects exists."""
    found = kept_person(connection, runtime, person_id)
    keys = _keys(connection, runtime, by)
    if keys is not None and not may_find(keys, found.reach):
        raise NotFound(Reason.NO_PERSON())
    return found


def _touching(connection: Connection, runtime: Runtime, found: Kept, by: Person | None) -> Why | None:
    keys = _keys(connection, runtime, by)
    return None if keys is None else may_touch(keys, found.reach)


def _keys(connection: Connection, runtime: Runtime, by: Person | None) -> frozenset[str] | None:
    """The projects that they supervise by now; None for the shell."""
    if by is None:
        return None
    return supervised(roles_by_project(connection, runtime.settings.project_list, by.email))


def _set(
    connection: Connection,
    runtime: Runtime,
    person: Person,
    wanted: Wanted,
    by: Person | None,
    *,
    is_new: bool = False,
) -> None:
    changed = [name for name in ("name", "lang", "phone", "notices") if _differs(person, wanted, name)]
    if not changed:
        return
    update_person(
        connection,
        person.id,
        name=None if wanted.name is None else wanted.name[:MAX_NAME],
        lang=wanted.lang,
        phone=wanted.phone or None,
        notices=wanted.notices,
    )
    if wanted.phone == "":
        forget_phone(connection, person.id)
    if not is_new:
        _note(connection, runtime, AuditAction.PERSON_CHANGED, person, by, fields=" ".join(changed))


def _is_so(person: Person, wanted: Wanted) -> bool:
    return not any(_differs(person, wanted, name) for name in ("name", "lang", "phone", "notices"))


def _differs(person: Person, wanted: Wanted, name: str) -> bool:
    wish = getattr(wanted, name)
    return wish is not None and wish != (getattr(person, name) or "")


def _note(
    connection: Connection,
    runtime: Runtime,
    action: AuditAction,
    person: Person,
    by: Person | None,
    *,
    project: str | None = None,
    **detail: Any,
) -> None:
    record_audit(
        connection,
        at=runtime.clock.now(),
        actor_id=None if by is None else by.id,
        action=action,
        subject=person.email,
        person_id=person.id,
        project=project,
        detail=detail,
    )


def _require_phone(phone: str | None) -> None:
    if phone and not _PHONE.fullmatch(phone):
        raise Refused(Reason.PHONE_FORM(text=phone))


def _project(runtime: Runtime, key: str) -> Project:
    found = next((one for one in runtime.settings.project_list if one.key == key), None)
    if found is None:
        raise NotFound(Reason.NO_PROJECT(project=key))
    return found


def _of_organisation(runtime: Runtime, email: str) -> list[str]:
    """The projects whose contract lets everybody of this address's organisation see its requests."""
    projects = runtime.settings.project_list
    return [project.key for project in projects if domain_of(email) in project.contract.organisations]


def _configured_supervisors(project: Project) -> frozenset[str]:
    return frozenset(email for role, team in project.teams if role is Role.SUPERVISOR for email in team)


def _refuse(fault: Why | None) -> None:
    if fault is not None:
        raise Refused(fault)
