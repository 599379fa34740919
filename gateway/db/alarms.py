"""What is wrong with the installation, and whether the operator was told of it (`gateway.services.watch_alarms`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    bad, None while they believe that it is good. `detail` is what is wrong, as `gateway.domain.alarms` says it; a
    sentence where an earlier version wrote it."""

    name: str
    is_bad: bool
    since: datetime
    detail: Mapping[str, Any] | str
    told_at: datetime | None


def list_alarms(connection: Connection) -> dict[str, AlarmRow]:
    """Every alarm that was ever looked at, by name."""
    rows = connection.execute(select(alarms).order_by(alarms.c.name)).mappings()
    return {row["name"]: AlarmRow(**{**row, "detail": _read(row["detail"])}) for row in rows}


def see_alarm(connection: Connection, name: str, *, detail: Mapping[str, Any] | None, now: datetime) -> None:
    """Write down how an alarm looks, `detail` where it is bad; `since` moves only when that changes."""
    values = {"is_bad": detail is not None, "since": now, "detail": json.dumps(detail or {}, ensure_ascii=False)}
    if insert_ignoring_duplicates(connection, alarms, name=name, **values):
        return
    changed = update(alarms).where(alarms.c.name == name, alarms.c.is_bad != values["is_bad"])
    connection.execute(changed.values(**values))


def begin_telling(connection: Connection, name: str, *, now: datetime) -> bool:
    """Remember that the operator is being told that something broke. False where somebody else does it, or did."""
    statement = update(alarms).where(alarms.c.name == name, alarms.c.is_bad, alarms.c.told_at.is_(None))
    return connection.execute(statement.values(told_at=now)).rowcount == 1


def end_telling(connection: Connection, name: str) -> bool:
    """Remember that the operator is being told of the recovery. False where they have nothing to be told of."""
    statement = update(alarms).where(alarms.c.name == name, alarms.c.is_bad.is_(False), alarms.c.told_at.is_not(None))
    return connection.execute(statement.values(told_at=None)).rowcount == 1


def _read(text: str) -> Mapping[str, Any] | str:
    return dict(json.loads(text)) if text.startswith("{") else text
