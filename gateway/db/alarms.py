"""What is wrong with the installation, and whether the operator was told of it (`gateway.services.watch_alarms`)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Column, Connection, String, Table, Text, select, update

from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

alarms = Table(
    "alarms",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("is_bad", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("detail", Text, nullable=False),
    Column("told_at", UtcDateTime),
)


@dataclass(frozen=True, kw_only=True)
class AlarmRow:
    """An alarm as it was last seen: bad or good `since` a moment; `told_at` is when the operator was told that it is
    bad, None while they believe that it is good."""

    name: str
    is_bad: bool
    since: datetime
    detail: str
    told_at: datetime | None


def list_alarms(connection: Connection) -> dict[str, AlarmRow]:
    """Every alarm that was ever looked at, by name."""
    rows = connection.execute(select(alarms).order_by(alarms.c.name))
    return {row.name: AlarmRow(**{name: getattr(row, name) for name in AlarmRow.__dataclass_fields__}) for row in rows}


def see_alarm(connection: Connection, name: str, *, is_bad: bool, detail: str, now: datetime) -> None:
    """Write down how an alarm looks; `since` moves only when that changes."""
    if insert_ignoring_duplicates(connection, alarms, name=name, is_bad=is_bad, since=now, detail=detail):
        return
    changed = update(alarms).where(alarms.c.name == name, alarms.c.is_bad != is_bad)
    connection.execute(changed.values(is_bad=is_bad, since=now, detail=detail))


def begin_telling(connection: Connection, name: str, *, now: datetime) -> bool:
    """Remember that the operator is being told that something broke. False where somebody else does it, or did."""
    statement = update(alarms).where(alarms.c.name == name, alarms.c.is_bad, alarms.c.told_at.is_(None))
    return connection.execute(statement.values(told_at=now)).rowcount == 1


def end_telling(connection: Connection, name: str) -> bool:
    """Remember that the operator is being told of the recovery. False where they have nothing to be told of."""
    statement = update(alarms).where(alarms.c.name == name, alarms.c.is_bad.is_(False), alarms.c.told_at.is_not(None))
    return connection.execute(statement.values(told_at=None)).rowcount == 1
