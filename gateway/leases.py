"""Keeping leases from a process: a thread takes and renews them, whoever works asks whether they are held.

A holder that dies is replaced when its lease has run out. One that cannot ask the database goes by its own clock, from
before its last renewal, and so stops no later than another can begin.
"""

import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Connection

from gateway.db.engine import Database, DatabaseTrouble
from gateway.db.leases import HeldLease, LeaseLost, release_lease, require_lease, take_lease

LEASE_SECONDS = 10.0
"""For so long work that must be done once may stand still after its holder died."""

_LOOK = 1.0  # seconds between two tries to get one
_RENEWALS = 3  # in the life of a lease

log = structlog.get_logger()


class Lease:
    """One of a keeper's leases. Safe in several threads."""

    def __init__(self, name: str, *, seconds: float) -> None:
        self.name = name
        self.seconds = seconds
        self._held: HeldLease | None = None
        self._until = 0.0

    @property
    def is_held(self) -> bool:
        """Whether it is ours, as far as we can know without asking."""
        return self._held is not None and time.monotonic() < self._until

    @property
    def token(self) -> int | None:
        """Our number as its holder, which grows with each new one; None while it is not ours."""
        held = self._held
        return held.token if held is not None and self.is_held else None

    @property
    def is_lost(self) -> bool:
        """Whether the database said so. While it says nothing, nobody else can have got it."""
        return self._held is None

    def fence(self, connection: Connection) -> None:
        """For `Database.fenced`. Raises LeaseLost."""
        if self._held is None:
            raise LeaseLost(f"{self.name} is not ours")
        require_lease(connection, self._held)

    def keep(self, database: Database, *, holder: str) -> None:
        """Take or renew it where that is due. Raises DatabaseTrouble."""
        began = time.monotonic()
        if self.is_held and self._until - began > self.seconds * (1 - 1 / _RENEWALS):
            return
        with database.transaction() as connection:
            held = take_lease(connection, self.name, holder=holder, seconds=self.seconds)
        if (held is None) != (self._held is None):
            log.info("lease.lost" if held is None else "lease.taken", lease=self.name)
        self._held, self._until = held, began + self.seconds

    def release(self, database: Database) -> None:
        """Let somebody else have it. Raises DatabaseTrouble."""
        held, self._held = self._held, None
        if held is not None:
            with database.transaction() as connection:
                release_lease(connection, held)


class LeaseKeeper:
    """Keeps leases until the end of its block. `holder` names this process, the machine first."""

    def __init__(self, database: Database, *, holder: str) -> None:
        self._database = database
        self._holder = holder
        self._leases: list[Lease] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def lease(self, name: str, *, seconds: float = LEASE_SECONDS) -> Lease:
        """A lease that is kept from now on, whenever it can be had."""
        lease = Lease(name, seconds=seconds)
        self._leases.append(lease)
        self._keep(lease)
        return lease

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give back what is held, so that nobody waits for it to run out."""
        self._closing.set()
        self._thread.join(timeout=5)
        for lease in self._leases:
            with suppress(DatabaseTrouble):
                lease.release(self._database)

    def _run(self) -> None:
        while not self._closing.wait(_LOOK):
            for lease in self._leases:
                self._keep(lease)

    def _keep(self, lease: Lease) -> None:
        try:
            lease.keep(self._database, holder=self._holder)
        except Exception as error:  # noqa: BLE001  # the boundary: a lease that cannot be kept now is tried again
            log.warning("lease.not_kept", lease=lease.name, error=type(error).__name__)
