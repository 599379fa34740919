"""Emergency openings and closings of projects' calendars. Nothing is deleted: clocks count by what was said when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, ForeignKey, Integer, String, Table, Text, insert, select, update

from gateway.db.people import people
from gateway.db.types import UtcDateTime, metadata
from gateway.domain.calendar import Override

calendar_overrides = Table(
    "calendar_overrides",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", String(10), nullable=False, index=True),
    Column("is_open", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author_id", ForeignKey("people.id"), nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by_id", ForeignKey("people.id")),
)


@dataclass(frozen=True, kw_only=True)
class StoredOverride:
    """An override on record, and when somebody ended it before its time."""

    id: int
    project: str
    is_open: bool
    since: datetime
    until: datetime
    reason: str
    author: str
    written_at: datetime
    ended_at: datetime | None

    @property
    def in_force(self) -> Override | None:
        """As the calendar counts it; None for one that was ended before it began."""
        until = self.until if self.ended_at is None else min(self.until, self.ended_at)
        if until <= self.since:
            return None
        return Override(is_open=self.is_open, since=self.since, until=until, author=self.author, reason=self.reason)


def add_override(connection: Connection, project: str, override: Override, *, author_id: int, now: datetime) -> int:
    """Write an override down and return its id."""
    values = {
        "project": project,
        "is_open": override.is_open,
        "since": override.since,
        "until": override.until,
        "reason": override.reason,
        "author_id": author_id,
        "written_at": now,
    }
    added: int = connection.execute(
        insert(calendar_overrides).values(**values).returning(calendar_overrides.c.id)
    ).scalar_one()
    return added


def end_override(connection: Connection, override_id: int, *, project: str, author_id: int, now: datetime) -> bool:
    """End an override of the project before its time. False for one that is not there or over."""
    running = (
        calendar_overrides.c.id == override_id,
        calendar_overrides.c.project == project,
        calendar_overrides.c.ended_at.is_(None),
        calendar_overrides.c.until > now,
    )
    statement = update(calendar_overrides).where(*running).values(ended_at=now, ended_by_id=author_id)
    return connection.execute(statement).rowcount == 1


def list_overrides(connection: Connection, projects: Collection[str]) -> dict[str, list[StoredOverride]]:
    """Everything on record for these projects, in the order in which it was written."""
    found: dict[str, list[StoredOverride]] = {project: [] for project in projects}
    names = [name for name in StoredOverride.__dataclass_fields__ if name != "author"]
    query = (
        select(*(calendar_overrides.c[name] for name in names), people.c.email.label("author"))
        .join(people, people.c.id == calendar_overrides.c.author_id)
        .where(calendar_overrides.c.project.in_(projects))
        .order_by(calendar_overrides.c.id)
    )
    for row in connection.execute(query):
        found[row.project].append(StoredOverride(**row._mapping))
    return found
