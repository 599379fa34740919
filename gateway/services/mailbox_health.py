"""How the configured mailboxes fare, and telling the supervisors when one has failed for a while and when it is well.

The pollers write down each look; here it is only read. So it also speaks up when no poller runs at all.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from gateway.config.mailboxes import MailboxSettings
from gateway.db.mailboxes import MailboxRow, begin_alert, end_alert, know_mailbox, list_mailboxes
from gateway.db.people import Person, find_person_by_id, memberships
from gateway.domain.project import Project
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Role
from gateway.jobs.doorbell import OUTBOX
from gateway.notify.notices import Notice
from gateway.notify.person_mail import write_person_mail
from gateway.runtime import Runtime

_NEVER = "it has not been read yet"


@dataclass(frozen=True, kw_only=True)
class MailboxHealth:
    """A mailbox now. `age` is since its last good look, None before the first; `is_late` says that it is too long."""

    name: str
    is_late: bool
    age: timedelta | None
    error: str | None
    taken: int
    waiting: int


def mailbox_health(runtime: Runtime) -> list[MailboxHealth]:
    """Every configured mailbox, in the order of the file. Raises DatabaseTrouble."""
    with runtime.database.reading() as connection:
        rows = {row.name: row for row in list_mailboxes(connection)}
    now = runtime.clock.now()
    return [_health(name, settings, rows.get(name), now) for name, settings in runtime.settings.mailboxes.items()]


def watch_mailboxes(runtime: Runtime) -> list[str]:
    """Tell the supervisors, once each, of a mailbox that fails for too long and of its recovery; returns the names."""
    if not runtime.settings.mailboxes:
        return []
    told = [name for name, settings in runtime.settings.mailboxes.items() if _watch(runtime, name, settings)]
    if told:
        runtime.doorbell.ring_soon(OUTBOX)
    return told


def _health(name: str, settings: MailboxSettings, row: MailboxRow | None, now: datetime) -> MailboxHealth:
    if row is None:
        return MailboxHealth(name=name, is_late=False, age=None, error=_NEVER, taken=0, waiting=0)
    return MailboxHealth(
        name=name,
        is_late=_is_late(row, settings, now),
        age=None if row.last_good_at is None else now - row.last_good_at,
        error=row.error or (_NEVER if row.last_good_at is None else None),
        taken=row.taken,
        waiting=row.waiting,
    )


def _is_late(row: MailboxRow, settings: MailboxSettings, now: datetime) -> bool:
    return now - row.good_until > timedelta(minutes=settings.alert_minutes)


def _watch(runtime: Runtime, name: str, settings: MailboxSettings) -> bool:
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        row = next((row for row in list_mailboxes(connection) if row.name == name), None)
    if row is not None and _is_late(row, settings, now) == (row.alerted_at is not None):
        return False
    with runtime.database.transaction() as connection:
        row = know_mailbox(connection, name, now=now)
        late = _is_late(row, settings, now)
        if late and begin_alert(connection, name, now=now):
            _tell(connection, runtime, Notice.MAILBOX_FAILING, row=row, settings=settings, now=now)
            return True
        if not late and end_alert(connection, name):
            _tell(connection, runtime, Notice.MAILBOX_RECOVERED, row=row, settings=settings, now=now)
            return True
    return False


def _tell(
    connection: Connection,
    runtime: Runtime,
    notice: Notice,
    *,
    row: MailboxRow,
    settings: MailboxSettings,
    now: datetime,
) -> None:
    project = runtime.settings.project_list[0] if settings.project is None else runtime.project(settings.project)
    context = {
        "mailbox": row.name,
        "reason": row.error or Reason.READER_SILENT().as_json(),
        "minutes": int((now - row.good_until).total_seconds() // 60),
    }
    for person in _supervisors(connection, None if settings.project is None else project):
        write_person_mail(connection, runtime, notice, person=person, project=project, context=context, now=now)


def _supervisors(connection: Connection, project: Project | None) -> list[Person]:
    """The supervisors of a project, or of any."""
    query = select(memberships.c.person_id).where(memberships.c.role == Role.SUPERVISOR).distinct()
    if project is not None:
        query = query.where(memberships.c.project == project.key)
    found = [find_person_by_id(connection, person_id) for person_id in sorted(connection.scalars(query))]
    return [person for person in found if person is not None]
