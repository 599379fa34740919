"""Working a lane off: claim, count, handle, finish, one entry after the other until none waits or time is up.

Each entry is a transaction of its own, seen by everybody when it is committed. What waits for the disk is done once
for many: entries that were handled stay in the spool until the archive and the database are settled, and are
finished, and the outbox rung for, only then. So at any instant

- a worker that dies leaves every entry in the spool whose commit is not settled; filed again, it finds its receipt;
- a power cut undoes at most commits whose entries are still in the spool, and they are filed as they were the first
  time; nothing was sent for them, for the mailer writes its attempt down durably, and with it all that came before
  (`gateway.db.engine`).

What can go wrong has its place here:

- the worker dies under an entry: its lock goes with it, the next drain takes the entry back, the try counted. The
  entries handled before it and not finished come back too. One that was tried before is finished as soon as it is
  handled, so that another's death pulls it back once at most, and not to the end of its tries;
- the entry has used up its tries: quarantine, before anybody looks at it again;
- the handler fails: the entry waits for another try, or goes to quarantine with the reason;
- the handler says that the entry is unfit: quarantine at once;
- the database or the store of files is away when the drain begins: nothing is touched, so that no worker dies under an
  entry meanwhile;
- the store of files does not take what an entry brought: the entry waits, and the try never counts; those whose files
  it took are finished;
- the database or the disk is in trouble: the entry waits and the try does not count, unless another entry gets
  through meanwhile, which shows that the trouble is this entry's own; a second in trouble ends the drain.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import SQLAlchemyError

from gateway.db.engine import DatabaseTrouble
from gateway.files.store import StoreTrouble
from gateway.ids import SpoolId
from gateway.observe import span
from gateway.runtime import Runtime
from gateway.spool.entry import DamagedEntry, Lane, SpoolEntry, UnfitEntry
from gateway.spool.store import Claims

Handler = Callable[[SpoolEntry, Runtime], set[str]]
_RING_EVERY = 0.2  # seconds; a long drain lets the outbox begin before it ends
_BATCH = 50  # entries that are finished together at most

log = structlog.get_logger()


@dataclass(kw_only=True)
class Drained:
    """What a drain did. `more` says that it ended before the lane was empty."""

    handled: int = 0
    more: bool = False


def drain_lane(lane: Lane, handler: Handler, runtime: Runtime, *, deadline: float) -> Drained:
    """Work the lane off until it is empty or `time.monotonic()` passes `deadline`."""
    runtime.spool.recover(lane)
    if not runtime.database.is_up():
        log.warning("drain.ended", lane=lane, reason="the database is away")
        return Drained()
    if lane is not Lane.CALL and not _takes_files(runtime):
        log.warning("drain.ended", lane=lane, reason="the store of files is away")
        return Drained()
    with runtime.spool.worker(lane) as claims, runtime.database.lazily():
        drain = _Drain(lane, handler, runtime, claims=claims, deadline=deadline)
        try:
            drain.work_off()
        finally:
            drain.let_suspects_wait()
    return drain.done


class _Drain:
    """One drain under way. `handled` is on record and not finished yet, `lanes` are to be rung for once it is.

    An entry that met trouble with the stores is a suspect: blamed once another entry gets through. What a method
    returns says whether the drain goes on.
    """

    def __init__(self, lane: Lane, handler: Handler, runtime: Runtime, *, claims: Claims, deadline: float) -> None:
        self.done = Drained()
        self._lane = lane
        self._handler = handler
        self._runtime = runtime
        self._claims = claims
        self._deadline = deadline
        self._suspects: list[tuple[SpoolEntry, Exception]] = []
        self._handled: list[SpoolEntry] = []
        self._lanes: set[str] = set()
        self._rung: dict[str, float] = {}

    def work_off(self) -> None:
        """The loop."""
        while not self._suspects and (waiting := self._runtime.spool.waiting(self._lane)):
            if len(waiting) > _BATCH:
                self._runtime.doorbell.ring_soon(self._lane)  # there is enough for another worker, if one is free
            goes_on = all(self._work(spool_id, attempts) for spool_id, attempts in waiting)
            if not self._settle() or not goes_on:
                return

    def let_suspects_wait(self) -> None:
        """Put back what nobody knows to be at fault."""
        for entry, _ in self._suspects:
            self._claims.put_back(entry, uncounted=True)

    def _work(self, spool_id: SpoolId, attempts: int) -> bool:
        if time.monotonic() > self._deadline:
            self.done.more = True
            return False
        entry = _take(self._claims, spool_id, attempts, most=self._runtime.settings.worker.max_attempts)
        if entry is None:
            return True
        goes_on = self._handle(entry)
        return goes_on and (self._settle() if attempts or len(self._handled) >= _BATCH else True)

    def _handle(self, entry: SpoolEntry) -> bool:
        try:
            with span("file", spool_id=entry.id, lane=self._lane, attempt=entry.attempts):
                self._lanes |= self._handler(entry, self._runtime)
        except StoreTrouble:
            self._claims.put_back(entry, uncounted=True)
            log.warning("drain.ended", lane=self._lane, reason="the store of files is in trouble")
            return False
        except (DatabaseTrouble, OSError) as error:
            self._suspects.append((entry, error))
            if len(self._suspects) > 1 or not self._runtime.database.is_up():
                log.warning("drain.ended", lane=self._lane, reason="the stores are in trouble")
                return False
            return True
        except Exception as error:  # noqa: BLE001  # the boundary: no entry may take the lane with it
            return not _give_up(entry, error, claims=self._claims, runtime=self._runtime)
        self._handled.append(entry)
        while self._suspects:
            _give_up(*self._suspects.pop(), claims=self._claims, runtime=self._runtime)
        return True

    def _settle(self) -> bool:
        """Make durable what was handled, then forget its entries and ring for what it brought."""
        handled, self._handled = self._handled, []
        if not handled:
            return True
        try:
            lost = self._runtime.archive.settle()
            self._runtime.database.settle()
        except (DatabaseTrouble, OSError) as error:
            log.warning("drain.ended", lane=self._lane, reason="nothing can be settled", error=type(error).__name__)
            for entry in handled:
                self._claims.put_back(entry, uncounted=True)
            return False
        for entry in handled:
            if entry.sha256 in lost:
                self._claims.put_back(entry, uncounted=True)
            else:
                self._claims.finish(entry)
                self.done.handled += 1
        _ring(self._runtime, self._lanes, self._rung)
        self._lanes = set()
        if lost:
            log.warning("drain.ended", lane=self._lane, reason="files could not be kept", number=len(lost))
        return not lost


def _takes_files(runtime: Runtime) -> bool:
    try:
        runtime.files.require_up()
    except StoreTrouble:
        return False
    return True


def _take(claims: Claims, spool_id: SpoolId, attempts: int, *, most: int) -> SpoolEntry | None:
    """Claim an entry; None where another worker has it, or where it belongs into quarantine and is there now."""
    if attempts >= most:
        _quarantine_spent(claims, spool_id, attempts)
        return None
    try:
        return claims.claim(spool_id, attempts)
    except DamagedEntry as error:
        claims.quarantine(spool_id, attempts + 1, str(error))
        log.error("entry.quarantined", spool_id=spool_id, reason="damaged")
        return None


def _ring(runtime: Runtime, lanes: set[str], rung: dict[str, float]) -> None:
    now = time.monotonic()
    for lane in lanes:
        if now - rung.get(lane, 0.0) >= _RING_EVERY:
            rung[lane] = now
            runtime.doorbell.ring(lane)
        else:
            runtime.doorbell.ring_soon(lane)


def _quarantine_spent(claims: Claims, spool_id: SpoolId, attempts: int) -> None:
    try:
        if claims.claim(spool_id, attempts) is None:
            return
    except DamagedEntry:
        log.error("entry.damaged", spool_id=spool_id)
    claims.quarantine(spool_id, attempts + 1, f"each of its {attempts} tries ended with the death of its worker")
    log.error("entry.quarantined", spool_id=spool_id, reason="tries used up", attempts=attempts)


def _give_up(entry: SpoolEntry, error: Exception, *, claims: Claims, runtime: Runtime) -> bool:
    """Decide where an entry waits after a failed try. True when the drain should end."""
    if isinstance(error, UnfitEntry) or entry.attempts >= runtime.settings.worker.max_attempts:
        claims.quarantine(entry.id, entry.attempts, _reason(error))
        log.error("entry.quarantined", spool_id=entry.id, reason=type(error).__name__, exc_info=error)
        return False
    claims.put_back(entry, uncounted=False)
    log.warning("entry.failed", spool_id=entry.id, attempt=entry.attempts, exc_info=error)
    return isinstance(error, JobTimeoutException)


def _reason(error: Exception) -> str:
    """What a person reads beside the entry; a database's error text may quote the mail, so it stays out."""
    if isinstance(error, UnfitEntry):
        return str(error)
    return type(error).__name__ if isinstance(error, SQLAlchemyError) else f"{type(error).__name__}: {error}"[:500]
