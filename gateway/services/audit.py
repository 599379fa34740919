"""Writing into the audit log, in the transaction of the act itself: what was not done is not in it.

What happens to tickets is on their timelines; here stands what no ticket tells: people, rights, ways in, what was
decided about mail outside a ticket, what left the house, and what was done by shell.
"""

import os
import pwd
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.db.audit import AuditScope, add_audit
from gateway.domain.audit import AuditAction, Origin
from gateway.domain.project import Project
from gateway.runtime import Runtime
from gateway.services.desk_scope import Roles, supervised

LONGEST_WORD = 300
"""As much of a text is kept with a record, in characters."""


def record_audit(
    connection: Connection,
    *,
    at: datetime,
    actor_id: int | None,
    action: AuditAction,
    subject: str | None,
    detail: Mapping[str, Any],
    person_id: int | None = None,
    project: str | None = None,
    origin: Origin | None = None,
) -> None:
    """Write down an act. An `actor_id` of None is the shell, unless `origin` says that it is nobody whom we know.

    `person_id` is whom it is about, `project` the one that it concerns. `detail` are plain values: no secret, no
    address but that of the person concerned, and of a change which fields, not what was in them.
    """
    by = origin or (Origin.SHELL if actor_id is None else Origin.PERSON)
    said = {name: _short(value) for name, value in detail.items() if value is not None}
    if by is Origin.SHELL:
        said["user"] = shell_user()
    add_audit(
        connection,
        at=at,
        origin=by,
        actor_id=actor_id,
        person_id=person_id,
        project=project,
        action=action,
        subject=None if subject is None else subject[:254],
        detail=said,
    )


def audit_scope(runtime: Runtime, roles: Roles) -> AuditScope | None:
    """What a supervisor with these roles reads; None for whoever supervises every project: they read all of it."""
    keys = supervised(roles)
    mine = [project for project in runtime.settings.project_list if project.key in keys]
    if len(mine) == len(runtime.settings.project_list):
        return None
    return AuditScope(projects=frozenset(keys), emails=_configured(mine))


def shell_user() -> str:
    """The name of whoever has the shell, before they became somebody else by sudo; the number where it has no name."""
    name = os.environ.get("SUDO_USER", "")
    if name:
        return name[:64]
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _configured(projects: list[Project]) -> frozenset[str]:
    return frozenset(email for project in projects for _, team in project.teams for email in team)


def _short(value: Any) -> Any:
    return value[:LONGEST_WORD] if isinstance(value, str) else value
