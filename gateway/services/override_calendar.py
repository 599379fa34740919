"""An emergency: a project's calendar is opened or closed from one moment to another, whatever it says itself.

Clocks, the hotline and pages count by it at once, also what has passed: nothing is a counter.
"""

from datetime import datetime

from sqlalchemy import Connection

from gateway.db.calendar_overrides import add_override, end_override
from gateway.db.people import Person, get_or_create_person
from gateway.db.stale_incidents import make_incidents_stale
from gateway.domain.audit import AuditAction
from gateway.domain.calendar import Override
from gateway.domain.change import NotAllowed
from gateway.domain.project import Project
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Role
from gateway.errors import NotFound, Refused
from gateway.mail.address import is_address, normalise_address
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.refresh_hotline import refresh_hotline
from gateway.services.roles import roles_in
from gateway.services.ticket_clocks import find_project


def override_calendar(
    runtime: Runtime, *, project: str, is_open: bool, since: datetime | None, until: datetime, reason: str, by: str
) -> int:
    """Open or close it; the id under which that is on record. Without `since` from now on.

    Of two that meet the later word counts. Raises NotFound for a project that there is not, NotAllowed for whoever is
    no supervisor there, Refused for one that gives no reason, or that is over before it is said.
    """
    now = runtime.clock.now()
    if not reason.strip():
        raise Refused(Reason.EMERGENCY_SAYS_WHY())
    if until <= now:
        raise Refused(Reason.EMERGENCY_OVER())
    if since is not None and until <= since:
        raise Refused(Reason.EMERGENCY_BACKWARDS())
    if not is_address(normalise_address(by)):
        raise Refused(Reason.NO_ADDRESS(address=by))
    override = Override(
        is_open=is_open, since=since or now, until=until, author=normalise_address(by), reason=reason.strip()
    )
    with runtime.database.transaction() as connection:
        found, doer = _supervised(connection, runtime, project, by=by)
        written = add_override(connection, found.key, override, author_id=doer.id, now=now)
        make_incidents_stale(connection, [found.key])
        record_audit(
            connection,
            at=now,
            actor_id=doer.id,
            action=AuditAction.CALENDAR_OVERRIDDEN,
            subject=str(written),
            project=found.key,
            detail={"open": is_open, "until": until.isoformat(), "reason": override.reason},
        )
    refresh_hotline(runtime)
    return written


def end_calendar_override(runtime: Runtime, *, project: str, override_id: int, by: str) -> None:
    """End it now, before its time. Raises NotFound also for one that is over, NotAllowed."""
    with runtime.database.transaction() as connection:
        found, doer = _supervised(connection, runtime, project, by=by)
        now = runtime.clock.now()
        if not end_override(connection, override_id, project=found.key, author_id=doer.id, now=now):
            raise NotFound(Reason.NO_EMERGENCY(number=override_id, project=found.key))
        make_incidents_stale(connection, [found.key])
        record_audit(
            connection,
            at=now,
            actor_id=doer.id,
            action=AuditAction.CALENDAR_ENDED,
            subject=str(override_id),
            project=found.key,
            detail={},
        )
    refresh_hotline(runtime)


def _supervised(connection: Connection, runtime: Runtime, key: str, *, by: str) -> tuple[Project, Person]:
    project, email = find_project(runtime, key.upper()), normalise_address(by)
    if project is None:
        raise NotFound(Reason.NO_PROJECT(project=key))
    if not is_address(email):
        raise Refused(Reason.NO_ADDRESS(address=by))
    if Role.SUPERVISOR not in roles_in(connection, project, email):
        raise NotAllowed(Reason.EMERGENCY_BY_SUPERVISOR())
    return project, get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
