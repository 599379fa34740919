"""Telling the operator when something breaks and when it is well again: one mail each, however often it is looked.

What breaks must stay so for two minutes, what recovers for five: whatever comes and goes within is told to nobody. The
mail goes through the outbox, so while the database is down nothing can be written; the metrics say it then.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.db.alarms import AlarmRow, begin_telling, end_telling, list_alarms, see_alarm
from gateway.db.people import get_or_create_person
from gateway.domain.alarms import judge
from gateway.jobs.doorbell import OUTBOX
from gateway.notify.notices import Notice
from gateway.notify.person_mail import write_person_mail
from gateway.runtime import Runtime
from gateway.services.health import ask_everything

BAD_FOR = timedelta(minutes=2)
GOOD_FOR = timedelta(minutes=5)
_TOLD_ELSEWHERE = frozenset({"mailbox_late"})  # the supervisors of its project are told, by `mailbox_health`


def watch_alarms(runtime: Runtime) -> list[str]:
    """Look at everything and tell what changed for long enough; the names that were told. Raises DatabaseTrouble."""
    found = judge(ask_everything(runtime))
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        known = list_alarms(connection)
    for name, why in found.items():
        if name not in known or known[name].is_bad != (why is not None):
            with runtime.database.transaction() as connection:
                see_alarm(connection, name, detail=None if why is None else why.as_json(), now=now)
    if runtime.settings.operator.address is None:
        return []
    told = [name for name in found if name not in _TOLD_ELSEWHERE and _tell_if_due(runtime, name, now=now)]
    if told:
        runtime.doorbell.ring_soon(OUTBOX)
    return told


def _tell_if_due(runtime: Runtime, name: str, *, now: datetime) -> bool:
    with runtime.database.reading() as connection:
        row = list_alarms(connection)[name]
    if not _is_due(row, now=now):
        return False
    with runtime.database.transaction() as connection:
        mine = begin_telling(connection, name, now=now) if row.is_bad else end_telling(connection, name)
        if mine:
            _write(connection, runtime, row, now=now)
    return mine


def _is_due(row: AlarmRow, *, now: datetime) -> bool:
    """Is the operator to be told of a change that has lasted?"""
    if row.is_bad:
        return row.told_at is None and now - row.since >= BAD_FOR
    return row.told_at is not None and now - row.since >= GOOD_FOR


def _write(connection: Connection, runtime: Runtime, row: AlarmRow, *, now: datetime) -> None:
    address = runtime.settings.operator.address
    assert address is not None, "asked before"
    project = runtime.settings.project_list[0]
    person = get_or_create_person(connection, email=address, name="", now=now)
    notice = Notice.ALARM if row.is_bad else Notice.ALARM_OVER
    context = {"alarm": row.name, "detail": row.detail, "since": row.since.isoformat()}
    write_person_mail(connection, runtime, notice, person=person, project=project, context=context, now=now)
