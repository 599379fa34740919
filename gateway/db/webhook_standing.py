"""How receivers of webhooks fare, and what was told them: for operators, the alarms and the figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from gateway.db.webhooks import OPEN, WEBHOOKS, HookState, webhook_deliveries, webhook_endpoints


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How many deliveries wait for a receiver, the oldest since when, and whether it said that it wants no more."""

    name: str
    number: int
    oldest: datetime | None
    is_gone: bool


def waiting_webhooks(connection: Connection, names: Iterable[str]) -> list[Waiting]:
    """What is not at its end, for each of these receivers."""
    mine = webhook_deliveries.c
    query = (
        select(mine.endpoint, func.count(), func.min(mine.created_at))
        .where(WEBHOOKS.is_open, mine.endpoint.in_(sorted(names)))
        .group_by(mine.endpoint)
    )
    found = {name: (number, oldest) for name, number, oldest in connection.execute(query)}
    gone = set(connection.scalars(select(webhook_endpoints.c.name).where(webhook_endpoints.c.gone_at.is_not(None))))
    return [
        Waiting(name=name, number=number, oldest=oldest, is_gone=name in gone)
        for name in sorted(names)
        for number, oldest in [found.get(name, (0, None))]
    ]


def list_webhooks(connection: Connection, *, limit: int) -> list[Row[Any]]:
    """Deliveries, the newest first, as rows of `webhook_deliveries`."""
    return list(connection.execute(select(webhook_deliveries).order_by(webhook_deliveries.c.id.desc()).limit(limit)))


def find_webhook(connection: Connection, number: int) -> Row[Any] | None:
    """The delivery with this id."""
    return connection.execute(select(webhook_deliveries).where(webhook_deliveries.c.id == number)).one_or_none()


def standing_of_hooks(connection: Connection) -> list[Mapping[str, Any]]:
    """How each receiver fares, with how many deliveries wait and failed."""
    mine = webhook_deliveries.c
    query = select(mine.endpoint, mine.state, func.count()).group_by(mine.endpoint, mine.state)
    counts: dict[tuple[str, str], int] = {(row[0], row[1]): row[2] for row in connection.execute(query)}
    health = {row.name: row for row in connection.execute(select(webhook_endpoints)) if row.name}
    names = sorted({name for name, _ in counts} | set(health))
    return [
        {
            "name": name,
            "waiting": sum(counts.get((name, state.value), 0) for state in OPEN),
            "failed": counts.get((name, HookState.FAILED.value), 0),
            "failures_in_a_row": health[name].failures if name in health else 0,
            "paused_until": health[name].paused_until if name in health and health[name].failures else None,
            "gone_at": health[name].gone_at if name in health else None,
            "last_error": health[name].last_error if name in health else None,
        }
        for name in names
    ]
