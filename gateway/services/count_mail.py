"""What came in and what was decided, counted from the moment a process began to count; for metrics.

A scrape looks at the receipts that are new since the last one, so counting costs what comes in, whatever is kept.
"""

import threading
from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from gateway.db.engine import DatabaseTrouble
from gateway.db.receipts import receipts
from gateway.db.tickets import entries
from gateway.runtime import Runtime

KINDS = ("received", "verdict", "origin", "match")
"""By which door mail came, what became of it, what it was taken for, and by what evidence it joined a ticket."""

_MOST = 50_000  # rows at once; what is beyond is counted by the next scrape

Counts = Mapping[str, Mapping[str, int]]


class Counting:
    """Counts by kind and value. Each process counts from its own beginning; Prometheus adds over restarts."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._last: int | None = None
        self._counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        self._lock = threading.Lock()

    @property
    def counts(self) -> Counts:
        """What was counted so far."""
        return self._counts

    def look(self) -> None:
        """Count what is new; nothing where the database does not answer."""
        try:
            with self._lock, self._runtime.database.reading() as connection:
                self._look(connection)
        except DatabaseTrouble:
            return

    def _look(self, connection: Connection) -> None:
        if self._last is None:
            self._last = int(connection.scalar(select(func.max(receipts.c.id))) or 0)
            return
        query = (
            select(receipts.c.id, receipts.c.verdict, receipts.c.trace, receipts.c.envelope, entries.c.match)
            .outerjoin(entries, entries.c.id == receipts.c.entry_id)
            .where(receipts.c.id > self._last, receipts.c.lane == "mail")
            .order_by(receipts.c.id)
            .limit(_MOST)
        )
        for row in connection.execute(query):
            self._last = row.id
            self._counts["received"][str(row.envelope.get("channel", "unknown"))] += 1
            self._counts["verdict"][row.verdict] += 1
            origin = next((step["outcome"] for step in row.trace if step["rule"] == "origin"), None)
            for kind, value in (("origin", origin), ("match", row.match)):
                if value is not None:
                    self._counts[kind][str(value)] += 1
