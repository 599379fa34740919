"""Rows that are sent to somebody, one by one, until each is at its end: the one way of mails and of webhooks.

An attempt is in its row before anybody dials: `state` is `sending`, `attempts` counts it, and `next_attempt_at` is the
end of its lease. Until then nobody else takes the row; after it the row is due again, as after a death. `attempts` is
the fence: an attempt that took longer than its lease writes nothing once the row was taken anew.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import BindParameter, ColumnElement, Connection, Row, Table, bindparam, func, select, update

QUEUED = "queued"
SENDING = "sending"


class Taken(Protocol):
    """A row that was taken, or what was made of it; `attempts` counts the attempt that was begun."""

    @property
    def id(self) -> int:
        """The row's."""

    @property
    def attempts(self) -> int:
        """Which attempt it is, from 1."""


class Attempts:
    """The attempts at the rows of a table with `id`, `state`, `attempts`, `next_attempt_at`, `last_error` and
    `created_at`. `open_states` are those of rows that are not at their end."""

    def __init__(self, table: Table, open_states: Iterable[str]) -> None:
        self._table = table
        # Written out, and not as values: a partial index serves where the database can see that they are the same.
        states: BindParameter[list[str]] = bindparam(
            "open_states", list(open_states), expanding=True, literal_execute=True, unique=True
        )
        self.is_open: ColumnElement[bool] = table.c.state.in_(states)

    def is_due(self, now: datetime) -> ColumnElement[bool]:
        """Its time has come, or whoever was sending it died over it."""
        return self.is_open & (self._table.c.next_attempt_at <= now)

    def begin(
        self,
        connection: Connection,
        *conditions: ColumnElement[bool],
        now: datetime,
        lease: timedelta,
        limit: int,
        order: Sequence[ColumnElement[Any]],
    ) -> list[Row[Any]]:
        """Take what is due and meets the conditions, the first in this order, and write the attempt down.

        Two who ask at once do not get the same. The rows are in the order of their ids.
        """
        rows = self._table.c
        # A CTE is worked out once; as a plain subquery PostgreSQL may run it again and take more than `limit`.
        due = (
            select(rows.id)
            .where(self.is_due(now), *conditions)
            .order_by(*order)
            .limit(limit)
            .with_for_update(skip_locked=True, of=self._table)
            .cte("due")
        )
        taken = connection.execute(
            update(self._table)
            .where(rows.id.in_(select(due.c.id)))
            .values(state=SENDING, attempts=rows.attempts + 1, next_attempt_at=now + lease)
            .returning(*rows)
        ).all()
        return sorted(taken, key=lambda row: row.id)

    def end(self, connection: Connection, taken: Taken | Row[Any], **values: Any) -> bool:
        """Write down how an attempt ended. False, and nothing written, where it was begun anew meanwhile."""
        return connection.execute(update(self._table).where(*self._is(taken)).values(**values)).rowcount == 1

    def give_back(self, connection: Connection, untried: Iterable[Taken], *, due_at: datetime, **values: Any) -> None:
        """What was taken and not tried is due again then: the attempt does not count."""
        for taken in untried:
            self.end(connection, taken, state=QUEUED, attempts=taken.attempts - 1, next_attempt_at=due_at, **values)

    def release(self, connection: Connection, *, now: datetime) -> int:
        """What is being sent is due now, for whoever was sending it is known to be dead; how many rows that are."""
        rows = self._table.c
        due_again = update(self._table).where(rows.state == SENDING, rows.next_attempt_at > now)
        return connection.execute(due_again.values(state=QUEUED, next_attempt_at=now)).rowcount

    def count_due(self, connection: Connection, *conditions: ColumnElement[bool], now: datetime) -> int:
        """How many rows somebody should send now."""
        return self._count(connection, self.is_due(now), *conditions)

    def count_under_way(self, connection: Connection, *, now: datetime) -> int:
        """How many rows somebody is sending now: their lease has not run out."""
        return self._count(connection, self._table.c.state == SENDING, self._table.c.next_attempt_at > now)

    def due_since(self, connection: Connection, *, now: datetime) -> datetime | None:
        """Since when a row has been due that nobody tries; None where none is."""
        query = select(func.min(self._table.c.next_attempt_at)).where(self.is_due(now))
        since: datetime | None = connection.execute(query).scalar_one()
        return since

    def oldest(self, connection: Connection) -> datetime | None:
        """Since when the oldest row that is not at its end has been there."""
        query = select(func.min(self._table.c.created_at)).where(self.is_open)
        oldest: datetime | None = connection.execute(query).scalar_one()
        return oldest

    def _is(self, taken: Taken | Row[Any]) -> tuple[ColumnElement[bool], ...]:
        rows = self._table.c
        return rows.id == taken.id, rows.attempts == taken.attempts, rows.state == SENDING

    def _count(self, connection: Connection, *conditions: ColumnElement[bool]) -> int:
        return int(connection.execute(select(func.count()).select_from(self._table).where(*conditions)).scalar_one())
