"""Working a lane off: claim, count, handle, finish, one entry after the other until none waits or time is up.

What can go wrong has its place here:

- the worker dies under an entry: its lock goes with it, the next drain takes the entry back, the try counted;
- the entry has used up its tries: quarantine, before anybody looks at it again;
- the handler fails: the entry waits for another try, or goes to quarantine with the reason;
- the handler says that the entry is unfit: quarantine at once;
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
from gateway.ids import SpoolId
from gateway.runtime import Runtime
from gateway.spool.entry import DamagedEntry, Lane, SpoolEntry, UnfitEntry
from gateway.spool.store import Claims

Handler = Callable[[SpoolEntry, Runtime], set[str]]
_RING_EVERY = 0.2  # seconds; a long drain lets the outbox begin before it ends

log = structlog.get_logger()


@dataclass(kw_only=True)
class Drained:
    """What a drain did. `more` says that it ended before the lane was empty."""

    handled: int = 0
    more: bool = False


def drain_lane(lane: Lane, handler: Handler, runtime: Runtime, *, deadline: float) -> Drained:
    """Work the lane off until it is empty or `time.monotonic()` passes `deadline`."""
    runtime.spool.recover(lane)
    done = Drained()
    with runtime.spool.worker(lane) as claims:
        suspects: list[tuple[SpoolEntry, Exception]] = []
        try:
            _work_off(lane, handler, runtime, claims=claims, suspects=suspects, done=done, deadline=deadline)
        finally:
            for entry, _ in suspects:
                claims.put_back(entry, uncounted=True)
    return done


def _work_off(
    lane: Lane,
    handler: Handler,
    runtime: Runtime,
    *,
    claims: Claims,
    suspects: list[tuple[SpoolEntry, Exception]],
    done: Drained,
    deadline: float,
) -> None:
    """The loop. An entry that met trouble with the stores is a suspect: blamed once another entry gets through."""
    rung: dict[str, float] = {}
    while not suspects and (waiting := runtime.spool.waiting(lane)):
        for spool_id, attempts in waiting:
            if time.monotonic() > deadline:
                done.more = True
                return
            entry = _take(claims, spool_id, attempts, most=runtime.settings.worker.max_attempts)
            if entry is None:
                continue
            try:
                lanes = handler(entry, runtime)
            except (DatabaseTrouble, OSError) as error:
                suspects.append((entry, error))
                if len(suspects) > 1 or not runtime.database.is_up():
                    log.warning("drain.ended", lane=lane, reason="the stores are in trouble")
                    return
                continue
            except Exception as error:  # noqa: BLE001  # the boundary: no entry may take the lane with it
                if _give_up(entry, error, claims=claims, runtime=runtime):
                    return
                continue
            claims.finish(entry)
            done.handled += 1
            while suspects:
                _give_up(*suspects.pop(), claims=claims, runtime=runtime)
            _ring(runtime, lanes, rung)


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
