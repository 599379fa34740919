"""The hotline as the configuration and the local snapshot know it: what the webhooks decide by."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gateway.config.model import SettingsModel
from gateway.config.telephony import TelephonySettings
from gateway.domain.business_hours import hours_of
from gateway.domain.duty import on_duty
from gateway.domain.project import Project
from gateway.hotline_snapshot import HotlineSnapshot, read_snapshot
from telephony.line import Agent, Line, Route
from telephony.numbers import read_number
from telephony.state import State


class Snapshots:
    """The snapshot's file, read again when it was replaced. Safe in several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._snapshot: HotlineSnapshot | None = None
        self._lock = threading.Lock()

    def current(self) -> HotlineSnapshot | None:
        """What the file says now; what it said last where it cannot be read any more, None where it never could."""
        with self._lock:
            try:
                found = self._path.stat()
            except OSError:
                return self._snapshot
            if (found.st_mtime_ns, found.st_ino) != self._seen:
                self._snapshot = read_snapshot(self._path) or self._snapshot
                self._seen = (found.st_mtime_ns, found.st_ino)
            return self._snapshot


def line_of(
    settings: SettingsModel,
    snapshot: HotlineSnapshot | None,
    *,
    called: str,
    key: bytes,
    now: datetime,
    may_trust: bool,
    caller: str,
    link: Callable[[Route, State | None], str],
) -> Line:
    """The hotline of the number that was called.

    A number that is no project's is taken for all of them: it was diverted to us, or rewritten on its way. Without
    a snapshot nobody is known to be on duty, and no ticket was looked at.
    """
    served = served_by(settings.project_list, called)
    project = served[0]
    local = now.astimezone(project.calendar.zone_info)
    shifts = snapshot.shifts.get(project.key, ()) if snapshot else ()
    numbers = snapshot.numbers if snapshot else {}
    return Line(
        now=now,
        project=project.key,
        projects=frozenset(one.key for one in served),
        hours=hours_of(snapshot.calendar_of(project) if snapshot else project.calendar),
        number=project.hotline or called,
        takes_any_call=project.takes_any_call,
        codes=snapshot.codes if snapshot else {},
        code_key=key,
        is_fresh=snapshot is not None and snapshot.is_fresh(now),
        may_trust=may_trust,
        agents=tuple(
            Agent(person_id=person, number=numbers[person]) for person in on_duty(shifts, local) if person in numbers
        ),
        may_text=may_text(settings.telephony, caller),
        platform=settings.http.base_url,
        address=project.address,
        rules=settings.telephony,
        link=link,
    )


def may_text(rules: TelephonySettings, caller: str) -> bool:
    """Whether this caller can be sent a text message.

    - a sender is configured, and the account to send by
    - the number is shown and a mobile's: never one that is withheld, a landline or no number
    """
    return bool(rules.text_sender and rules.account_sid and rules.auth_tokens) and read_number(caller).is_mobile


def served_by(projects: tuple[Project, ...], called: str) -> tuple[Project, ...]:
    """The projects that this number is the hotline of; where it is nobody's, those that have one, or else all."""
    number = read_number(called).e164
    own = tuple(project for project in projects if project.hotline is not None and project.hotline == number)
    return own or tuple(project for project in projects if project.hotline is not None) or projects
