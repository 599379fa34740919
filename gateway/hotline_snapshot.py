"""What the hotline must know without asking anybody: which codes may be called about, and who is on duty.

The timetable writes it from the database every few seconds; the webhooks read it, so a call is answered while the
database is down. A file, replaced by renaming, readable by us alone: it holds the agents' numbers, and codes only as
keyed hashes.
"""

import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.domain.calendar import Calendar, Override
from gateway.domain.duty import Shift
from gateway.domain.project import Project

FRESH = timedelta(minutes=2)
"""For so long a code that is not in it is taken for one that does not count."""


@dataclass(frozen=True, kw_only=True)
class Eligible:
    """A ticket that may be called about: open, blocking, corrective, and on the platform since `since`."""

    ref: str
    project: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class HotlineSnapshot:
    """How things stood at `made_at`. `shifts` and `overrides` (emergencies of the calendar) are by project
    key, `numbers` by person id."""

    made_at: datetime
    codes: Mapping[str, Eligible]
    shifts: Mapping[str, tuple[Shift, ...]]
    numbers: Mapping[int, str]
    overrides: Mapping[str, tuple[Override, ...]] = field(default_factory=dict)

    def calendar_of(self, project: Project) -> Calendar:
        """The project's calendar with its emergencies."""
        return replace(project.calendar, overrides=self.overrides.get(project.key, ()))

    def is_fresh(self, now: datetime) -> bool:
        """True while it was made lately."""
        return now - self.made_at <= FRESH


def snapshot_path(data: Path) -> Path:
    """Where it is below the data folder."""
    return data / "run" / "hotline.json"


def hotline_key(signing_key: bytes) -> bytes:
    """A key of its own for codes and call states, drawn from the signing key."""
    return hmac.digest(signing_key, b"hotline", "sha256")


def hash_code(code: str, key: bytes) -> str:
    """A hotline code as the snapshot holds it: who reads that file learns no code."""
    return hmac.digest(key, f"hotline code {code}".encode(), "sha256").hex()


def write_snapshot(path: Path, snapshot: HotlineSnapshot) -> None:
    """Replace the file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(_to_json(snapshot), file, separators=(",", ":"))
    draft.rename(path)


def read_snapshot(path: Path) -> HotlineSnapshot | None:
    """What the file says; None where it is not there or cannot be understood."""
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _to_json(snapshot: HotlineSnapshot) -> dict[str, Any]:
    return {
        "made_at": snapshot.made_at.isoformat(),
        "codes": {code: [one.ref, one.project, one.since.isoformat()] for code, one in snapshot.codes.items()},
        "shifts": {
            project: [
                [shift.person_id, shift.position, shift.start, shift.end, shift.weekday, _day_text(shift.day)]
                for shift in shifts
            ]
            for project, shifts in snapshot.shifts.items()
        },
        "numbers": {str(person): number for person, number in snapshot.numbers.items()},
        "overrides": {
            project: [
                [one.is_open, one.since.isoformat(), one.until.isoformat(), one.author, one.reason] for one in rows
            ]
            for project, rows in snapshot.overrides.items()
        },
    }


def _from_json(document: dict[str, Any]) -> HotlineSnapshot:
    return HotlineSnapshot(
        made_at=datetime.fromisoformat(document["made_at"]),
        codes={
            code: Eligible(ref=ref, project=project, since=datetime.fromisoformat(since))
            for code, (ref, project, since) in document["codes"].items()
        },
        shifts={project: tuple(_shift(row) for row in rows) for project, rows in document["shifts"].items()},
        numbers={int(person): str(number) for person, number in document["numbers"].items()},
        overrides={
            project: tuple(_override(row) for row in rows)
            for project, rows in document.get("overrides", {}).items()  # a file of the release before has none
        },
    )


def _shift(row: list[Any]) -> Shift:
    person_id, position, start, end, weekday, day = row
    return Shift(
        person_id=person_id,
        position=position,
        start=start,
        end=end,
        weekday=weekday,
        day=None if day is None else date.fromisoformat(day),
    )


def _override(row: list[Any]) -> Override:
    is_open, since, until, author, reason = row
    return Override(
        is_open=is_open,
        since=datetime.fromisoformat(since),
        until=datetime.fromisoformat(until),
        author=author,
        reason=reason,
    )


def _day_text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
