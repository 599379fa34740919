"""Working the outbox off: take what is due, write the attempt down, hand the mail over, write down what happened.

The attempt is committed before anybody dials, and each result as soon as it is known. So a crash at any point
leaves a row in `sending`, which is due again when its lease is over, and goes out with the same Message-ID.
One row never holds up another: each failure is that row's own, unless nothing at all can be handed over.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from random import Random, SystemRandom

import structlog

from gateway.db.outbox import Delivery, DeliveryState, begin_attempts, end_attempt, release
from gateway.domain.ticket import Language
from gateway.notify.backoff import LAST_ATTEMPT, next_pause
from gateway.notify.compose import OutgoingMail, compose, runs_out_at
from gateway.notify.failure_entry import write_failure
from gateway.notify.mailer import Mailer, make_mailer
from gateway.notify.outcome import FinalFailure, RelayTrouble, TemporaryFailure, reason
from gateway.runtime import Runtime

BATCH = 25
WRITING_TRIES = 3
# After trouble with the relay itself, for the mails that were taken and not tried.
_PAUSE_AFTER_TROUBLE = timedelta(minutes=1)
_LEASE_MARGIN = timedelta(seconds=10)  # RQ ends a job within moments of its time limit

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Result:
    """How an attempt ended. `relay_trouble`: no other mail would have got through either."""

    state: DeliveryState
    error: str | None = None
    relay_trouble: bool = False


def deliver_due(runtime: Runtime, *, deadline: float, chance: Random | None = None) -> int:
    """Deliver until nothing is due or `time.monotonic()` passes `deadline`; returns how many attempts were made.

    Ends early when the relay takes nothing at all: what is due then stays so, for the next call. `chance` is
    where the jitter comes from. Raises DatabaseTrouble; the rows under way are due again after their lease.
    """
    with closing(make_mailer(runtime.settings, runtime.where)) as mailer:
        run = _Run(runtime, mailer=mailer, deadline=deadline, chance=chance or SystemRandom())
        while run.goes_on and (batch := run.take_batch()):
            run.work_off(batch)
    return run.attempts


class _Run:
    """One call of `deliver_due`: a mailer, a deadline, and how far we are."""

    def __init__(self, runtime: Runtime, *, mailer: Mailer, deadline: float, chance: Random) -> None:
        self.attempts = 0
        self._runtime = runtime
        self._mailer = mailer
        self._deadline = deadline
        self._chance = chance
        self._relay_error: str | None = None

    @property
    def goes_on(self) -> bool:
        """False once the time is over or the relay is in trouble."""
        return self._relay_error is None and time.monotonic() < self._deadline

    def take_batch(self) -> list[Delivery]:
        """What is due now, its attempt written down. One job works a batch off, so the lease outlives a job."""
        lease = timedelta(seconds=self._runtime.settings.worker.job_timeout) + _LEASE_MARGIN
        with self._runtime.database.transaction() as connection:
            return begin_attempts(connection, now=self._runtime.clock.now(), lease=lease, limit=BATCH)

    def work_off(self, batch: Sequence[Delivery]) -> None:
        """Try each mail of the batch while there is time and a relay; give back the rest."""
        for position, delivery in enumerate(batch):
            if not self.goes_on:
                self._give_back(batch[position:])
                return
            self.attempts += 1
            result = self._attempt(delivery)
            self._record(delivery, result)
            if result.relay_trouble:
                self._relay_error = result.error

    def _attempt(self, delivery: Delivery) -> _Result:
        if delivery.attempts > LAST_ATTEMPT:
            return _failed("given up: too many attempts never came to an end")
        until = runs_out_at(delivery, runtime=self._runtime)
        if until is not None and self._runtime.clock.now() >= until:
            return _failed("what the mail offers ran out before the mail could be sent")
        try:
            mail = compose(delivery, runtime=self._runtime)
        except Exception as error:  # a row that cannot be written must not hold up the others
            log.exception("delivery.not_written", delivery_id=delivery.id, notice=delivery.notice)
            text = reason(f"the mail could not be written: {type(error).__name__}: {error}")
            return _failed(text) if delivery.attempts >= WRITING_TRIES else _later(text)
        return self._hand_over(delivery, mail)

    def _hand_over(self, delivery: Delivery, mail: OutgoingMail) -> _Result:
        try:
            self._mailer.send(mail)
        except RelayTrouble as error:
            return _Result(state=DeliveryState.QUEUED, error=str(error), relay_trouble=True)
        except TemporaryFailure as error:
            return _later(str(error))
        except FinalFailure as error:
            return _failed(str(error))
        except Exception as error:  # noqa: BLE001  # the relay's silence, a job's time limit, a fault of ours
            log.warning("delivery.unknown", delivery_id=delivery.id, error=type(error).__name__)
            return _Result(state=DeliveryState.UNKNOWN, error=reason(str(error) or type(error).__name__))
        return _Result(state=DeliveryState.SENT)

    def _record(self, delivery: Delivery, result: _Result) -> None:
        now = self._runtime.clock.now()
        state, pause = result.state, None
        if state in {DeliveryState.QUEUED, DeliveryState.UNKNOWN}:
            pause = next_pause(delivery.attempts, chance=self._chance)
            state = DeliveryState.FAILED if pause is None else state
        with self._runtime.database.transaction() as connection:
            ended = end_attempt(
                connection,
                delivery,
                state=state,
                at=now,
                next_attempt_at=None if pause is None else now + pause,
                error=result.error,
            )
            if ended and state is DeliveryState.FAILED:
                write_failure(connection, delivery, error=result.error or "", lang=self._lang(delivery), now=now)
        if ended:
            log.info(
                "delivery.ended",
                delivery_id=delivery.id,
                ticket_id=delivery.ticket_id,
                entry_id=delivery.entry_id,
                notice=delivery.notice,
                state=state,
                attempts=delivery.attempts,
            )

    def _lang(self, delivery: Delivery) -> Language:
        try:
            return self._runtime.project(delivery.project).language
        except KeyError:
            return Language.FR

    def _give_back(self, untried: Sequence[Delivery]) -> None:
        pause = timedelta(0) if self._relay_error is None else _PAUSE_AFTER_TROUBLE
        with self._runtime.database.transaction() as connection:
            release(connection, untried, due_at=self._runtime.clock.now() + pause, error=self._relay_error)


def _later(error: str) -> _Result:
    return _Result(state=DeliveryState.QUEUED, error=error)


def _failed(error: str) -> _Result:
    return _Result(state=DeliveryState.FAILED, error=error)
